"""Mails to people who may have no login: composed here, sent by a job that joins the transaction.

The queue holds them sealed: a token is in clear in the mail alone.
"""

from collections.abc import Sequence
from email.utils import make_msgid
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from prm.people.sealing import seal, unseal
from workflows import jobs

if TYPE_CHECKING:
    from prm.people.models import Invitation


def public_url(path: str) -> str:
    return settings.PUBLIC_URL.rstrip("/") + path


def post(
    to: str,
    subject: str,
    paragraphs: Sequence[str],
    *,
    quote: str = "",
    button: str = "",
    url: str = "",
    note: str = "",
) -> None:
    """Enqueues one message. quote: words of a person, set apart; button and url: the one thing to do."""
    message = {
        "to": to,
        # A heading of a mail is one line, whatever a company calls itself.
        "subject": " ".join(subject.split())[:200],
        "message_id": make_msgid(domain=urlsplit(settings.PUBLIC_URL).hostname or "localhost"),
        "paragraphs": [str(paragraph) for paragraph in paragraphs],
        "quote": quote,
        "button": button,
        "url": url,
        "note": note,
        "vendor": settings.VENDOR_NAME,
    }
    jobs.enqueue("prm.people.mail.deliver", seal(message))


def deliver(sealed: str) -> None:
    """The job. A repetition after a crash carries the same Message-ID, so that mailboxes can fold the two."""
    message = unseal(sealed)
    mail = EmailMultiAlternatives(
        subject=message["subject"],
        body=render_to_string("people/mail/message.txt", message),
        to=[message["to"]],
        headers={"Message-ID": message["message_id"]},
    )
    mail.attach_alternative(render_to_string("people/mail/message.html", message), "text/html")
    mail.send()


def send_invitation(invitation: "Invitation") -> None:
    """Mails the link just made; its token is known only now."""
    sender = invitation.invited_by
    company = invitation.company
    paragraphs = [
        _("Hello %(name)s,") % {"name": invitation.name} if invitation.name else _("Hello,"),
        _("%(sender)s invites you to the partner portal of %(vendor)s as a user of %(company)s.")
        % {
            "sender": sender.get_full_name() if sender else settings.VENDOR_NAME,
            "vendor": settings.VENDOR_NAME,
            "company": company.name if company else settings.VENDOR_NAME,
        },
        _("Open the link and choose a password. It works once, until %(day)s.")
        % {"day": date_format(invitation.expires_at, "DATE_FORMAT")},
    ]
    post(
        invitation.email,
        _("Your invitation to the partner portal of %(vendor)s") % {"vendor": settings.VENDOR_NAME},
        paragraphs,
        button=_("Accept the invitation"),
        url=public_url(f"/invite/{invitation.fresh_token}/"),
        note=_("If you did not expect this, do nothing: no login is made without you."),
    )
