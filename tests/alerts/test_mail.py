"""Every alert leaves as a mail, once, under the rights of the moment it leaves."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends import locmem
from django.utils import timezone
from django_q.models import OrmQ

from prm.access.policy import touch
from prm.alerts.mail import BACKOFF, GRACE, deliver, sweep
from prm.alerts.models import ActionLink, Delivery
from tests.factories import make_lead
from workflows import jobs
from workflows.actor import Actor
from workflows.perform import perform

pytestmark = pytest.mark.django_db


def run_jobs() -> None:
    while jobs.run_pending():
        pass


def to(user) -> list:
    return [message for message in mail.outbox if message.to == [user.email]]


def test_an_offer_is_mailed_in_two_parts_with_a_link_to_accept(world, assign, settings):
    lead = assign(make_lead(topic="Forty workstations", company_name="Fabrikam Secret Ltd"))
    run_jobs()
    (message,) = to(world.alice)
    assert message.subject == "New lead on offer: Forty workstations"
    html, kind = message.alternatives[0]
    assert kind == "text/html"
    link = ActionLink.objects.get(user=world.alice)
    for part in (message.body, html):
        assert "Forty workstations" in part
        assert settings.VENDOR_NAME in part
        assert f"{settings.PUBLIC_URL}/leads/{lead.pk}/" in part
        assert re.search(rf"{re.escape(settings.PUBLIC_URL)}/offer/[\w-]{{43}}/", part)
        assert "Fabrikam Secret" not in part
        assert link.token_hash not in part
    assert link.transition == "accept"
    assert abs(link.expires_at - lead.due_at) < timedelta(seconds=1)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}


def test_an_alert_has_the_look_and_the_host_of_its_readers_portal(world, assign, settings):
    settings.ALLOWED_HOSTS = ["testserver", "partners.example"]
    portal = world.alice.portal
    portal.title, portal.accent, portal.host = "Northern partners", "#7a1f5c", "partners.example"
    portal.save()
    touch(portal)
    lead = assign(make_lead(topic="Forty workstations"))
    run_jobs()
    (message,) = to(world.alice)
    html = message.alternatives[0][0]
    for part in (message.body, html):
        assert f"http://partners.example/leads/{lead.pk}/" in part
        assert "http://partners.example/offer/" in part
        assert settings.PUBLIC_URL not in part
    assert "background:#7a1f5c" in html
    assert ">Northern partners</td>" in html
    assert settings.VENDOR_NAME in message.body and "Northern partners" not in message.body


def test_markup_in_a_record_stays_text(world, assign):
    assign(make_lead(topic="<script>alert(1)</script> & more"))
    run_jobs()
    html = to(world.alice)[0].alternatives[0][0]
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "\n" not in to(world.alice)[0].subject


def test_many_that_wait_leave_in_one_mail(world, assign):
    for number in range(25):
        assign(make_lead(topic=f"Lead no {number}"))
    run_jobs()
    (message,) = to(world.alice)
    assert message.subject == "New lead on offer: Lead no 0, and 24 more"
    assert "Lead no 19" in message.body
    assert "and 5 more" in message.body
    assert Delivery.objects.filter(recipient=world.alice, state="sent").count() == 25


def test_a_job_that_runs_again_sends_nothing_again(world, assign):
    assign()
    run_jobs()
    deliver(str(world.alice.pk))
    deliver(str(world.alice.pk))
    assert len(to(world.alice)) == 1


def test_what_died_while_sending_is_the_same_mail_again(world, assign, monkeypatch):
    assign(make_lead(topic="First"))
    OrmQ.objects.all().delete()

    def die(rows, state):
        if state == "sent":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("prm.alerts.mail._finish", die)
        with pytest.raises(KeyboardInterrupt):
            deliver(str(world.alice.pk))
    assert Delivery.objects.get(recipient=world.alice).state == "waiting"
    # What came meanwhile is another mail: it does not change the first.
    assign(make_lead(topic="Second"))
    Delivery.objects.update(due_at=timezone.now())
    deliver(str(world.alice.pk))
    first, again, second = to(world.alice)
    assert first.extra_headers["Message-ID"] == again.extra_headers["Message-ID"]
    assert first.body == again.body
    assert second.extra_headers["Message-ID"] != first.extra_headers["Message-ID"]
    assert "Second" in second.body


def test_a_record_that_is_not_visible_any_more_is_not_mailed(world, assign):
    lead = assign()
    perform(lead, "decline", actor=Actor.of(world.alice), inputs={"reason": "capacity"})
    run_jobs()
    assert to(world.bob) == []
    assert Delivery.objects.get(recipient=world.bob).state == "skipped"


def test_a_deactivated_user_gets_no_mail(world, assign):
    assign()
    world.bob.is_active = False
    world.bob.save()
    run_jobs()
    assert to(world.bob) == []
    assert len(to(world.alice)) == 1


def test_a_mail_that_is_refused_is_tried_again_later_and_given_up_at_last(world, assign, monkeypatch):
    assign()

    def refuse(self, messages):
        raise OSError("no route to the mail server")

    with monkeypatch.context() as patch:
        patch.setattr(locmem.EmailBackend, "send_messages", refuse)
        run_jobs()
        delivery = Delivery.objects.get(recipient=world.alice)
        assert (delivery.state, delivery.attempts) == ("waiting", 1)
        assert "no route" in delivery.problem
        assert delivery.due_at > timezone.now() + BACKOFF[0] / 2
        for _ in BACKOFF:
            Delivery.objects.update(due_at=timezone.now())
            deliver(str(world.alice.pk))
        assert Delivery.objects.get(recipient=world.alice).state == "failed"
    Delivery.objects.filter(recipient=world.bob).update(due_at=timezone.now() - 2 * GRACE)
    OrmQ.objects.all().delete()
    assert sweep(timezone.now()) == 1
    run_jobs()
    assert len(to(world.bob)) == 1
    assert to(world.alice) == []


def test_the_sweep_leaves_fresh_deliveries_to_their_jobs(world, assign):
    assign()
    queued = OrmQ.objects.count()
    assert sweep(timezone.now()) == 0
    assert OrmQ.objects.count() == queued
