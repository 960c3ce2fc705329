"""A link does one thing, once, for one user."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connections
from django.utils import timezone

from prm.alerts import links
from prm.alerts.models import ActionLink, Alert
from prm.leads.models import Lead
from tests.factories import make_lead
from workflows import jobs
from workflows.actor import Actor
from workflows.errors import NotFound, WorkflowError
from workflows.models import TransitionRecord
from workflows.perform import perform

pytestmark = pytest.mark.django_db


@pytest.fixture
def token(world, assign):
    """The token in Alice's mail about a lead on offer."""
    assign(make_lead(topic="Forty workstations"))
    while jobs.run_pending():
        pass
    (message,) = [one for one in mail.outbox if one.to == [world.alice.email]]
    return re.search(r"/offer/([\w-]+)/", message.body)[1]


def test_looking_changes_nothing(world, token):
    link = links.look_up(token)
    assert (link.user, link.transition, link.status) == (world.alice, "accept", "open")
    assert links.row(link)["topic"] == "Forty workstations"
    assert links.row(link)["company_name"] is None
    assert links.option(link).enabled
    assert TransitionRecord.objects.filter(transition="accept").count() == 0


def test_it_accepts_as_its_user_and_only_once(world, token):
    lead = links.use(token, request_id="request-1")
    assert lead.state == "accepted"
    record = TransitionRecord.objects.get(transition="accept")
    assert (record.actor_kind, record.actor_id, record.request_id) == ("link", world.alice.pk, "request-1")
    with pytest.raises(links.LinkSpent) as caught:
        links.use(token)
    assert caught.value.code == "link_used"
    assert not Alert.objects.filter(kind="lead.accepted", recipient=world.alice).exists()


def test_it_expires_with_the_offer(world, token):
    ActionLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(links.LinkSpent) as caught:
        links.use(token)
    assert caught.value.code == "link_expired"


def test_what_is_refused_leaves_it_open(world, token):
    link = links.look_up(token)
    lead = Alert.objects.get(recipient=world.alice).object_id
    perform(Lead.objects.get(pk=lead), "recall", actor=Actor.of(world.maria))
    with pytest.raises(NotFound):
        links.use(token)
    assert links.row(link) is None
    assert links.look_up(token).status == "open"


def test_a_token_that_was_never_made_is_nothing(world, token):
    assert links.look_up("x" * 43) is None
    assert links.look_up("") is None
    with pytest.raises(NotFound):
        links.use(ActionLink.objects.first().token_hash)


def test_it_ends_with_the_login_of_its_user(world, token):
    world.alice.is_active = False
    world.alice.save()
    assert links.look_up(token) is None
    with pytest.raises(NotFound):
        links.use(token)


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_accept_once(world, token):
    results: list[str] = []

    def click() -> None:
        try:
            links.use(token)
            results.append("done")
        except WorkflowError as error:
            results.append(error.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=click) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["done", "link_used", "link_used", "link_used"]
    assert TransitionRecord.objects.filter(transition="accept").count() == 1
