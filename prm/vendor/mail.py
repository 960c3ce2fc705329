"""Mails leave by the server that administrators named on the page of settings."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Sequence
from email.utils import formataddr
from typing import Any

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.translation import gettext as _

from prm.access.sealing import unseal
from prm.vendor.models import VendorProfile


class Backend(BaseEmailBackend):
    """Reads the row for each batch of mails, so that a change counts from the next mail on in every process.

    Without a server in the row, mails are printed or sent as the environment says.
    """

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        row = VendorProfile.objects.defer("logo").first()
        if row is None or not row.mail_host:
            other: Any = get_connection(settings.EMAIL_OTHERWISE, fail_silently=self.fail_silently)
            return int(other.send_messages(email_messages) or 0)
        for message in email_messages:
            if message.from_email == settings.DEFAULT_FROM_EMAIL:
                message.from_email = sender(row)
        return int(_smtp(row, self.fail_silently).send_messages(email_messages) or 0)


def sender(row: VendorProfile) -> str:
    """How the vendor's mails are signed: its name, and its address where one is set."""
    return formataddr((row.name, row.mail_from or settings.DEFAULT_FROM_EMAIL))


def password_of(row: VendorProfile) -> str:
    """The password of the mail server; "" where there is none, or another key has sealed it."""
    try:
        return str(unseal(row.mail_password)["password"]) if row.mail_password else ""
    except InvalidToken:
        return ""


def _smtp(row: VendorProfile, fail_silently: bool = False) -> Any:
    return get_connection(
        "django.core.mail.backends.smtp.EmailBackend",
        fail_silently=fail_silently,
        host=row.mail_host,
        port=row.mail_port,
        username=row.mail_user,
        password=password_of(row),
        use_tls=row.mail_security == VendorProfile.Security.STARTTLS,
        use_ssl=row.mail_security == VendorProfile.Security.TLS,
        timeout=settings.EMAIL_TIMEOUT,
    )


def send_test(to: str) -> str:
    """Sends one mail at once, by the way that all others take; "" where it left, else what is wrong."""
    text = _(
        "This is a test of your partner portal's mail settings. That you can read it means that they work."
    )
    message = EmailMessage(_("Test of the mail settings"), text, to=[to])
    try:
        message.send()
    except (OSError, smtplib.SMTPException, UnicodeError) as error:
        return explain(error)
    return ""


def explain(error: Exception) -> str:
    """What a mail server or the way to it found wrong, for somebody who does not know SMTP."""
    match error:
        case smtplib.SMTPAuthenticationError() | UnicodeEncodeError():
            # Python's library signs in with ASCII alone.
            text = _("The mail server does not accept this user name and password.")
        case smtplib.SMTPSenderRefused():
            text = _(
                "The mail server does not let this sender through. Try the address of the mailbox itself."
            )
        case smtplib.SMTPRecipientsRefused(recipients=recipients):
            answer = next(iter(recipients.values()), (0, b""))
            return _with_answer(_("The mail server does not deliver to this recipient."), answer[1])
        case smtplib.SMTPNotSupportedError():
            text = _("The mail server offers no such encryption or sign-in at this port.")
        case smtplib.SMTPServerDisconnected() | smtplib.SMTPConnectError():
            text = _("The mail server ended the connection. Port and encryption may not belong together.")
        case ssl.SSLCertVerificationError():
            text = _("The certificate of the mail server is not valid for this name.")
        case ssl.SSLError():
            text = _("No encrypted connection came about. Port and encryption may not belong together.")
        case socket.gaierror() | UnicodeError():
            # Some misspelt names cannot even be asked for.
            text = _("There is no server of this name. Look for a typing error.")
        case TimeoutError():
            text = _("The mail server does not answer. A firewall may be in between, or the port is wrong.")
        case ConnectionRefusedError():
            text = _("Nothing listens at this port of the mail server.")
        case _:
            text = _("The mail could not be sent.")
    return _with_answer(text, getattr(error, "smtp_error", b"") or str(error))


def _with_answer(text: str, answer: Any) -> str:
    said = answer.decode(errors="replace") if isinstance(answer, bytes) else str(answer)
    said = " ".join(said.split())[:300]
    return _("%(problem)s It said: %(answer)s") % {"problem": text, "answer": said} if said else text
