"""Alerts by mail: one message for all that wait for a recipient, sent again until it is gone.

A delivery is claimed first, with the id of its batch, and sent then. What dies in between is sent again with
the same Message-ID, so that mailboxes can fold the two.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from prm.alerts import links
from prm.alerts.models import Alert, Delivery
from prm.alerts.words import Words, compose
from prm.people.reader import as_reader
from prm.vendor.letterhead import letterhead
from prm.vendor.looks import public_url
from workflows import jobs

log = logging.getLogger(__name__)

#: How long a claimed batch is left alone by others.
LEASE = timedelta(minutes=2)
#: Waiting time after each attempt that failed; then it is given up.
BACKOFF = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720)]
#: The sweep leaves to the job what is younger.
GRACE = timedelta(seconds=15)
#: Alerts in one mail, and those of them that are told in full.
LARGEST = 500
TOLD = 20


def deliver(recipient: str) -> None:
    """The job: sends what waits for a user. To be repeated without harm."""
    while batch := _claim(UUID(recipient)):
        _send(batch)


def sweep(now: datetime) -> int:
    """Enqueues again what is overdue: attempts that failed, and jobs that died."""
    late = Delivery.objects.filter(state=Delivery.State.WAITING, due_at__lte=now - GRACE)
    recipients = list(late.order_by().values_list("recipient_id", flat=True).distinct()[:500])
    for recipient in recipients:
        with transaction.atomic():
            if late.filter(recipient_id=recipient).update(due_at=now):
                jobs.enqueue("prm.alerts.mail.deliver", str(recipient))
    return len(recipients)


def _claim(recipient: UUID) -> list[Delivery]:
    """The next batch of the recipient that is due, held for a while; a batch begun before stays as it was."""
    now = timezone.now()
    with transaction.atomic():
        due = Delivery.objects.filter(recipient_id=recipient, state=Delivery.State.WAITING, due_at__lte=now)
        rows = list(
            due.select_related("alert")
            .order_by("alert__seq")
            .select_for_update(of=("self",), skip_locked=True)[:LARGEST]
        )
        begun = next((row.batch for row in rows if row.batch), None)
        rows = [row for row in rows if row.batch == begun]
        for row in rows:
            row.batch = begun or rows[0].pk
            row.attempts += 1
            row.due_at = now + LEASE
        Delivery.objects.bulk_update(rows, ["batch", "attempts", "due_at"])
    return rows


def _send(batch: list[Delivery]) -> None:
    user = get_user_model().objects.filter(pk=batch[0].recipient_id, is_active=True).first()
    told: list[Words] = []
    if user is not None:
        # Rights of this moment: what may not be seen any more is not told of either.
        told = [one for one in compose([(user, [row.alert for row in batch])])[0] if one.visible]
    visible = {one.alert.pk for one in told}
    skipped = [row for row in batch if row.alert_id not in visible]
    sending = [row for row in batch if row.alert_id in visible]
    _finish(skipped, Delivery.State.SKIPPED)
    if not sending:
        return
    try:
        message(user, told, batch[0].batch).send()
    except Exception as error:
        # Whatever a mail server answers, the alert waits for the next attempt.
        log.warning("a mail of alerts was not sent: %s", error)
        _postpone(sending, error)
    else:
        _finish(sending, Delivery.State.SENT)


def _finish(rows: list[Delivery], state: Delivery.State) -> None:
    ids = [row.pk for row in rows]
    Delivery.objects.filter(pk__in=ids).update(state=state, done_at=timezone.now(), problem="")


def _postpone(rows: list[Delivery], error: Exception) -> None:
    for row in rows:
        row.problem = f"{type(error).__name__}: {error}"[:300]
        if row.attempts > len(BACKOFF):
            row.state, row.done_at = Delivery.State.FAILED, timezone.now()
        else:
            row.due_at = timezone.now() + BACKOFF[row.attempts - 1]
    Delivery.objects.bulk_update(rows, ["problem", "state", "done_at", "due_at"])


def message(user: Any, told: list[Words], batch: UUID | None) -> EmailMultiAlternatives:
    """The mail that tells `user` of these alerts."""
    with as_reader(user):
        first = told[0]
        subject = first.title
        if len(told) > 1:
            subject = _("%(title)s, and %(more)d more") % {"title": first.title, "more": len(told) - 1}
        context = {
            **letterhead(user.portal),
            "name": user.get_short_name(),
            "subject": subject,
            "items": [_item(one, user) for one in told[:TOLD]],
            "more": max(0, len(told) - TOLD),
            "all_url": public_url(reverse("alerts"), user.portal),
        }
        mail = EmailMultiAlternatives(
            # A subject is one line, whatever a record is called.
            subject=" ".join(subject.split())[:200],
            body=render_to_string("alerts/mail.txt", context),
            to=[user.email],
            headers={"Message-ID": message_id(batch or first.alert.pk), "Auto-Submitted": "auto-generated"},
        )
        mail.attach_alternative(render_to_string("alerts/mail.html", context), "text/html")
    return mail


def message_id(batch: UUID) -> str:
    """The same for every repetition of one mail."""
    return f"<{batch}@{urlsplit(settings.PUBLIC_URL).hostname or 'localhost'}>"


def _item(words: Words, user: Any) -> dict[str, Any]:
    alert: Alert = words.alert
    offer = links.offered(alert, user)
    return {
        "title": words.title,
        "by": words.by,
        "reason": words.reason,
        "facts": words.facts,
        "due": words.due,
        "url": public_url(words.url, user.portal),
        "action": offer[1].title if offer else "",
        "action_url": public_url(reverse("offer-link", args=[offer[0]]), user.portal) if offer else "",
    }
