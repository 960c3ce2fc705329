"""What the jobs of a test have mailed."""

from __future__ import annotations

import re

from django.core import mail
from django.core.mail import EmailMultiAlternatives

from workflows.jobs import run_pending


def sent_to(address: str) -> list[EmailMultiAlternatives]:
    """Runs the waiting jobs and returns the mails to this address, oldest first."""
    while run_pending():
        pass
    return [message for message in mail.outbox if message.to == [address]]


def token_in(message: EmailMultiAlternatives, path: str) -> str:
    """The token of the link to `path` in the text part; the HTML part must have the same one."""
    link = re.search(rf"http://testserver{path}([^/\s]+)/", str(message.body))
    assert link, message.body
    html = message.alternatives[0][0]
    assert link.group(0) in html
    return link.group(1)
