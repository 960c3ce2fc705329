"""From a visitor's page to a record: the signed page, what keeps robots out, and the confirmation by mail.

The page carries a signed token with the moment it was made and a number of its own. It stands for the cookie
against forged requests that a framed page does not have, tells how long it took to fill in, and lets one page
make one record, however often it is sent.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.fernet import InvalidToken
from django.core import signing
from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from prm.access.rate import too_often
from prm.access.sealing import seal, unseal
from prm.modules.actions import create
from prm.people.mail import post
from prm.people.tokens import new_token, token_hash
from prm.vendor.looks import public_url
from prm.webforms.fields import asked, fixed_of, module_of
from prm.webforms.models import Submission, WebForm
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput, NotFound
from workflows.inputs import clean, plain
from workflows.units import unit_of_work

log = logging.getLogger(__name__)

SALT = "prm.webforms.page"
#: Left empty by people, who do not see it.
HONEYPOT = "homepage_url"
#: Nobody reads and fills in a form faster than this, in seconds.
FASTEST = 2
#: So long a page may lie open, and a mail unread.
PAGE_SECONDS = 24 * 3600
CONFIRM = timedelta(days=3)
#: From one address to one form within an hour; mails to one mailbox within a day.
SENDINGS, HOUR = 20, 3600
MAILS, DAY = 5, 86_400


class Expired(Exception):
    """The page is too old, of another form, or was never made by us."""


class TooSoon(Exception):
    """Sent faster than a person could."""


class TooOften(Exception):
    """Sent more often from one address than anybody needs."""


class Unavailable(Exception):
    """The form cannot make records at present: it is off, or its owner may not."""


@dataclass(frozen=True)
class Sent:
    """What the visitor is told. confirm: a mail with a link is on its way, if the address takes one."""

    confirm: bool


def open_form(slug: str) -> WebForm | None:
    """The active form at this address, with what it needs to make records."""
    form = (
        WebForm.objects.filter(slug=slug, active=True)
        .select_related("owner__portal", "owner__contact")
        .first()
    )
    if form is None or form.owner is None or not form.owner.is_active or not asked(form):
        return None
    return form


def new_page(form: WebForm) -> str:
    """The signed token of a page that is about to be shown."""
    return signing.dumps({"f": str(form.pk), "n": uuid.uuid4().hex, "t": time.time()}, salt=SALT)


def submit(
    form: WebForm, data: Mapping[str, Any], token: str, *, trap: str, address: str, request_id: str = ""
) -> Sent:
    """Takes what a visitor filled in: makes the record, or lets it wait for the link in a mail.

    data: values by field; others than those that the form asks for are an error. trap: what stands in the
    field that people do not see. Raises InvalidInput, Expired, TooSoon, TooOften, Unavailable.
    """
    if too_often("webform", f"{form.pk}:{address}", limit=SENDINGS, seconds=HOUR):
        raise TooOften
    nonce = _nonce(form, token)
    if trap:
        # A robot that is told so would try again without.
        return Sent(form.confirm)
    values = plain(clean(asked(form), data, lambda module, pk: None))
    try:
        with unit_of_work():
            found = Submission.objects.filter(form=form, nonce=nonce).exists()
            if not found:
                _take(form, nonce, values, request_id)
    except IntegrityError:
        # The other click of the two was faster.
        if not Submission.objects.filter(form=form, nonce=nonce).exists():
            raise
    return Sent(form.confirm)


def _nonce(form: WebForm, token: str) -> uuid.UUID:
    try:
        page = signing.loads(token, salt=SALT, max_age=PAGE_SECONDS)
    except signing.BadSignature as error:
        raise Expired from error
    if page["f"] != str(form.pk):
        raise Expired
    if time.time() - page["t"] < FASTEST:
        raise TooSoon
    return uuid.UUID(page["n"])


def _take(form: WebForm, nonce: uuid.UUID, values: Mapping[str, Any], request_id: str) -> None:
    now = timezone.now()
    submission = Submission(form=form, nonce=nonce, expires_at=now + timedelta(seconds=PAGE_SECONDS))
    if not form.confirm:
        submission.done_at = now
        submission.save(force_insert=True)
        _make(form, values, request_id)
        return
    secret = new_token()
    submission.sealed, submission.token_hash = seal(dict(values)), token_hash(secret)
    submission.expires_at = now + CONFIRM
    submission.save(force_insert=True)
    given = (values[name] for name, one in asked(form).items() if one.kind == "email" and values[name])
    email = str(next(given, ""))
    if not email:
        # The owner may not set the field for the address any more.
        raise Unavailable
    # Refused without a word: the answer is the same for every address.
    if not too_often("webform-mail", email.lower(), limit=MAILS, seconds=DAY):
        _ask_to_confirm(form, email, secret)


def _ask_to_confirm(form: WebForm, email: str, secret: str) -> None:
    post(
        email,
        _("Please confirm: %(form)s") % {"form": form.title},
        [
            _("Hello,"),
            _("Somebody filled in the form “%(form)s” with this address. Open the link to send it.")
            % {"form": form.title},
        ],
        button=_("Confirm"),
        url=public_url(f"/f/{form.slug}/confirm/{secret}/"),
        note=_("If that was not you, do nothing: it is deleted after three days, and nobody will read it."),
    )


def waiting(form: WebForm, secret: str) -> Submission | None:
    """The sending that the link of a mail confirms; None where it is unknown, used or too old."""
    return Submission.objects.filter(
        form=form, token_hash=token_hash(secret), done_at=None, expires_at__gt=timezone.now()
    ).first()


def confirm(form: WebForm, secret: str, request_id: str = "") -> None:
    """Makes the record of a sending that waited; the link works once.

    Raises NotFound for a link that is unknown, used or too old, Unavailable, InvalidInput.
    """
    with unit_of_work():
        submission = waiting(form, secret)
        locked = (
            submission
            and Submission.objects.select_for_update().filter(pk=submission.pk, done_at=None).first()
        )
        if locked is None:
            raise NotFound
        try:
            values = unseal(locked.sealed)
        except InvalidToken as error:
            raise NotFound from error
        locked.done_at, locked.sealed = timezone.now(), ""
        locked.save(update_fields=["done_at", "sealed"])
        _make(form, values, request_id)


def _make(form: WebForm, values: Mapping[str, Any], request_id: str) -> None:
    """The record itself, with the rights of the form's owner."""
    module, owner = module_of(form), form.owner
    if module is None or owner is None:
        raise Unavailable
    open_to = asked(form)
    given = {name: value for name, value in values.items() if name in open_to and value is not None}
    name = _("Web form “%(title)s”") % {"title": form.title}
    actor = Actor(kind="rule", user=owner, name=name, request_id=request_id)
    try:
        create(actor, module, {**given, **fixed_of(form)})
    except InvalidInput as error:
        shown = {key: texts for key, texts in error.errors.items() if key in open_to}
        if shown:
            raise InvalidInput(shown) from error
        log.warning("web form %s cannot make records: %s", form.slug, error.errors)
        raise Unavailable from error
    except (Denied, NotFound, ValueError) as error:
        log.warning("web form %s cannot make records: %s", form.slug, error)
        raise Unavailable from error


def sweep(now: datetime) -> None:
    """Called by the clock: what nobody confirmed is deleted, and what was made needs no second look."""
    Submission.objects.filter(expires_at__lte=now).delete()
