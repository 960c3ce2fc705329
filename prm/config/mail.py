"""Mails of a demo, for somebody who reads a terminal."""

from __future__ import annotations

from textwrap import indent

from django.core.mail import EmailMessage
from django.core.mail.backends.console import EmailBackend


class TextConsole(EmailBackend):
    """Prints to whom, what about, and the text part; a screen of markup would hide the logins above it."""

    def write_message(self, message: EmailMessage) -> None:
        text = str(message.body).strip()
        self.stream.write(f"\nMail to {', '.join(message.recipients())}: {message.subject}\n")
        self.stream.write(indent(text, "    ") + "\n")
