"""Mails to people who may have no login: composed here, sent by a job that joins the transaction.

The queue holds them sealed: a token is in clear in the mail alone.
"""

from collections.abc import Mapping, Sequence
from email.utils import make_msgid
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from prm.access.models import Portal
from prm.access.sealing import seal, unseal
from prm.vendor.letterhead import letterhead
from prm.vendor.looks import public_url
from prm.vendor.queries import vendor
from workflows import jobs

if TYPE_CHECKING:
    from prm.people.models import Invitation


def post(
    to: str,
    subject: str,
    paragraphs: Sequence[str],
    *,
    quote: str = "",
    button: str = "",
    url: str = "",
    note: str = "",
    portal: Portal | None = None,
) -> None:
    """Enqueues one message. quote: words of a person, set apart; button and url: the one thing to do.

    portal: of which the reader is to become a user, where there is no login yet.
    """
    message = {
        "to": to,
        "subject": subject,
        "message_id": make_msgid(domain=urlsplit(settings.PUBLIC_URL).hostname or "localhost"),
        "paragraphs": [str(paragraph) for paragraph in paragraphs],
        "quote": quote,
        "button": button,
        "url": url,
        "note": note,
        "portal": str(portal.pk) if portal else None,
        "language": get_language(),
    }
    jobs.enqueue("prm.people.mail.deliver", seal(message))


def deliver(sealed: str) -> None:
    """The job. A repetition after a crash carries the same Message-ID, so that mailboxes can fold the two."""
    compose(unseal(sealed)).send()


def compose(message: Mapping[str, Any]) -> EmailMultiAlternatives:
    """The mail of what `post` is told, and of its `message_id`, in the look that its reader knows."""
    invited_into = message.get("portal")
    portal = Portal.objects.filter(pk=invited_into).first() if invited_into else portal_of(message["to"])
    context = {**message, **letterhead(portal)}
    with translation.override(message.get("language")):
        mail = EmailMultiAlternatives(
            # A heading of a mail is one line, whatever a company calls itself.
            subject=" ".join(context["subject"].split())[:200],
            body=render_to_string("people/mail/message.txt", context),
            to=[context["to"]],
            headers={"Message-ID": context["message_id"]},
        )
        mail.attach_alternative(render_to_string("people/mail/message.html", context), "text/html")
    return mail


def portal_of(address: str) -> Portal | None:
    """The portal of the login with this mail address; None where there is none."""
    users = get_user_model().objects.filter(email=address.strip().lower(), is_active=True)
    user: Any = users.select_related("portal").first()
    return user.portal if user else None


def send_invitation(invitation: "Invitation") -> None:
    """Mails the link just made; its token is known only now."""
    sender, vendor_name = invitation.invited_by, vendor().name
    company = invitation.company
    paragraphs = [
        _("Hello %(name)s,") % {"name": invitation.name} if invitation.name else _("Hello,"),
        _("%(sender)s invites you to the partner portal of %(vendor)s as a user of %(company)s.")
        % {
            "sender": sender.get_full_name() if sender else vendor_name,
            "vendor": vendor_name,
            "company": company.name if company else vendor_name,
        },
        _("Open the link and choose a password. It works once, until %(day)s.")
        % {"day": date_format(invitation.expires_at, "DATE_FORMAT")},
    ]
    post(
        invitation.email,
        _("Your invitation to the partner portal of %(vendor)s") % {"vendor": vendor_name},
        paragraphs,
        button=_("Accept the invitation"),
        url=public_url(f"/invite/{invitation.fresh_token}/", invitation.portal),
        note=_("If you did not expect this, do nothing: no login is made without you."),
        portal=invitation.portal,
    )
