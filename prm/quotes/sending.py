"""A quote on its way to the customer: the PDF that is kept, the mail with the link, and what the link may do.

The link belongs to nobody who has rights here. It shows one quote as long as that is the customer's to read,
and does one of two transitions, once: the state machine is what makes it single-use.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from prm.files import store
from prm.people import mail
from prm.people.tokens import derived_token, token_hash
from prm.quotes.document import texts
from prm.quotes.models import Dispatch, Quote
from prm.quotes.printing import content_of, document, file_name, rendered
from prm.vendor.looks import public_url
from workflows import jobs
from workflows.actor import Actor
from workflows.errors import NotFound, Reason, Refused
from workflows.ids import uuid7
from workflows.perform import perform
from workflows.ports import Event, publish
from workflows.units import unit_of_work

log = logging.getLogger(__name__)

DELIVER = "prm.quotes.sending.deliver"
#: How long a mail that is being sent is left alone by others.
LEASE = timedelta(minutes=2)
#: Waiting time after each attempt that failed; then it is given up, and the quote's page says so.
BACKOFF = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720)]
#: Replies of a mail server from here on are not worth another attempt (RFC 5321).
PERMANENT = 500
#: The event that tells the seller that a mail was given up.
UNDELIVERED = "quote.undelivered"
#: The sweep leaves to the job what is younger.
GRACE = timedelta(seconds=15)

#: What the customer may do by the link.
DECISIONS = ("accept", "decline")


def on_event(event: Event) -> None:
    """Keeps what is sent and has it mailed, in the transaction of the sending."""
    if not isinstance(event.obj, Quote):
        return
    if event.transition == "send":
        _send(event.obj, event.inputs.get("message") or "")
    elif event.transition == "send_again":
        _send_again(event.obj, event.inputs.get("message") or "")


def _send(quote: Quote, message: str) -> None:
    made = rendered(quote)
    if made.missing:
        text = _("No font of the printed quote has these characters: %(characters)s. Write them otherwise.")
        raise Refused([Reason("no_font", text % {"characters": " ".join(made.missing)})])
    sent = Dispatch(
        id=uuid7(),
        quote=quote,
        content=store.keep(made.content, file_name(quote), "application/pdf"),
        message=message,
    )
    sent.token_hash = token_hash(token(sent))
    sent.save(force_insert=True)
    jobs.enqueue(DELIVER, str(sent.pk))


def _send_again(quote: Quote, message: str) -> None:
    """The same file in a new mail, with a new link: the old one may be in a stranger's mailbox."""
    new = Dispatch(id=uuid7())
    found = Dispatch.objects.filter(quote=quote).update(
        id=new.pk,
        token_hash=token_hash(token(new)),
        message=message,
        attempts=0,
        due_at=timezone.now(),
        mailed_at=None,
        problem="",
    )
    if not found:
        # It went out in another way than by this mail.
        _send(quote, message)
        return
    jobs.enqueue(DELIVER, str(new.pk))


# --- the mail


def deliver(pk: str) -> None:
    """The job: mails the quote. To be repeated without harm: each attempt is claimed first."""
    now = timezone.now()
    waiting = Dispatch.objects.filter(pk=pk, due_at__lte=now)
    if not waiting.update(due_at=now + LEASE, attempts=F("attempts") + 1):
        return
    sent = Dispatch.objects.select_related("quote", "content").filter(pk=pk).first()
    if sent is None:
        # Sent again meanwhile, by another mail.
        return
    if sent.quote.state != Quote.State.SENT:
        # Withdrawn or decided before the mail left: nobody is asked to decide what is decided.
        Dispatch.objects.filter(pk=pk).update(due_at=None)
        return
    try:
        message(sent).send()
    except Exception as error:
        # Whatever a mail server answers, the mail waits for the next attempt.
        log.warning("the mail of quote %s was not sent: %s", sent.quote.reference, error)
        tried = sent.attempts > len(BACKOFF) or _for_good(error)
        later = None if tried else now + BACKOFF[sent.attempts - 1]
        with unit_of_work():
            failed = Dispatch.objects.filter(pk=pk).update(
                due_at=later, problem=f"{type(error).__name__}: {error}"[:300]
            )
            if failed and later is None:
                publish(Event(obj=sent.quote, name=UNDELIVERED, actor=Actor.system()))
    else:
        Dispatch.objects.filter(pk=pk).update(due_at=None, mailed_at=timezone.now(), problem="")


def _for_good(error: Exception) -> bool:
    """Whether the mail server has said that this address never takes a mail: a reply of 500 or above."""
    return isinstance(error, SMTPRecipientsRefused) and all(
        code >= PERMANENT for code, _text in error.recipients.values()
    )


def sweep(now: datetime) -> int:
    """Enqueues again what is overdue: attempts that failed, and jobs that died."""
    late = Dispatch.objects.filter(due_at__lte=now - GRACE)
    found = list(late.values_list("pk", flat=True)[:100])
    for pk in found:
        with transaction.atomic():
            if late.filter(pk=pk).update(due_at=now):
                jobs.enqueue(DELIVER, str(pk))
    return len(found)


def message(sent: Dispatch) -> mail.EmailMultiAlternatives:
    """The mail to the customer, in the language of the quote, the PDF attached."""
    quote = sent.quote
    said = texts(document(quote))
    with translation.override(quote.language):
        partner = said["partner"]
        names = {"number": quote.reference, "partner": partner["name"], "total": said["total"]["value"]}
        composed = mail.compose(
            {
                "to": quote.sent_to,
                "message_id": message_id(sent.pk),
                "language": quote.language,
                "subject": _("Quote %(number)s from %(partner)s") % names,
                "paragraphs": [
                    _("Hello %(name)s,") % {"name": said["customer"]["person"]}
                    if said["customer"]["person"]
                    else _("Hello,"),
                    _("%(partner)s sends you quote %(number)s: %(total)s in total.") % names,
                    said["closing"],
                ],
                "quote": sent.message,
                "button": _("Read and decide"),
                "url": public_url(f"/quote/{token(sent)}/", mail.portal_of(quote.sent_to)),
                "note": _(
                    "The quote is attached, too. The link is for you alone: whoever has it can decide."
                ),
            }
        )
        composed.attach(file_name(quote), content_of(sent), "application/pdf")
        # Answers go to the person who quotes, not to the portal.
        composed.reply_to = [partner["email"]] if partner["email"] else []
    return composed


def message_id(pk: UUID) -> str:
    """The same for every repetition of one mail, so that mailboxes can fold them."""
    return f"<quote-{pk}@{urlsplit(settings.PUBLIC_URL).hostname or 'localhost'}>"


# --- the link


@dataclass(frozen=True)
class Opened:
    """What a link leads to. status: open; accepted, declined (decided); superseded, withdrawn, expired."""

    sent: Dispatch
    quote: Quote
    status: str

    @property
    def readable(self) -> bool:
        """Whether the quote is still the customer's to read: until it is over, and what was decided, too."""
        return self.status in ("open", "accepted", "declined")


STATUS = {
    Quote.State.SENT: "open",
    Quote.State.ACCEPTED: "accepted",
    Quote.State.ORDERED: "accepted",
    Quote.State.DECLINED: "declined",
    Quote.State.SUPERSEDED: "superseded",
    Quote.State.WITHDRAWN: "withdrawn",
    Quote.State.EXPIRED: "expired",
}


def token(sent: Dispatch) -> str:
    return derived_token("prm.quotes.sending", sent.pk)


def look_up(given: str) -> Opened | None:
    """What a token leads to; changes nothing. None where there never was such a link."""
    found = Dispatch.objects.select_related("content", "quote").filter(token_hash=token_hash(given)).first()
    if found is None:
        return None
    status = STATUS[found.quote.state]
    if status == "open" and timezone.now() >= found.quote.ends_at:
        # The timer is about to say so, too.
        status = "expired"
    return Opened(found, found.quote, status)


def decide(given: str, decision: str, name: str, inputs: dict[str, str], request_id: str = "") -> Quote:
    """Does the customer's decision in the name that was given. Raises NotFound, or what `perform` raises."""
    opened = look_up(given)
    if opened is None or decision not in DECISIONS:
        raise NotFound
    actor = Actor.link(name=name, request_id=request_id, permits=DECISIONS)
    done: Quote = perform(opened.quote, decision, actor=actor, inputs=inputs)
    return done
