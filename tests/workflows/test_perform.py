"""The one door: what it asks, in which order, and what it leaves behind."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.workflows.app.models import Crate, Depot, Parcel
from tests.workflows.conftest import ANN
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput, NotFound, OutsidePerform, Refused, Stale, WrongState
from workflows.models import Timer, TransitionRecord
from workflows.perform import available, perform, perform_many, record_creation, record_update, unit_of_work

pytestmark = pytest.mark.django_db


def test_it_changes_the_row_and_writes_one_line_of_history(make, ann, events):
    owner = uuid4()
    parcel = make(owner_id=owner)
    done = perform(parcel, "send", actor=ann, inputs={"depot": "North", "reason": "asked for"})
    stored = Parcel.objects.get(pk=parcel.pk)
    assert (stored.state, stored.depot, stored.version) == ("sent", "North", 2)
    assert (done.state, done.version, done.state_since) == ("sent", 2, stored.state_since)
    assert stored.due_at == stored.state_since + timedelta(days=3)
    assert (parcel.state, parcel.version) == ("packed", 1), "what the caller holds stays as it was"
    first, line = TransitionRecord.objects.filter(object_id=parcel.pk).order_by("version")
    assert (first.transition, first.from_state, first.to_state, first.actor_kind) == (
        "create",
        None,
        "packed",
        "system",
    )
    assert (line.subject, line.transition, line.from_state, line.to_state, line.version) == (
        "parcels.parcel",
        "send",
        "packed",
        "sent",
        2,
    )
    assert (line.actor_kind, line.actor_id, line.actor_name, line.request_id) == (
        "user",
        ANN,
        "Ann",
        "request-1",
    )
    assert (line.inputs, line.reason, line.party_id) == (
        {"depot": "North", "reason": "asked for"},
        "asked for",
        owner,
    )
    assert line.at == stored.state_since
    (event,) = events
    assert (event.name, event.transition, event.from_state, event.to_state) == (
        "parcel.sent",
        "send",
        "packed",
        "sent",
    )
    assert event.record == line
    assert event.obj.pk == parcel.pk


def test_only_what_changed_is_saved(make, ann):
    parcel = make()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        perform(parcel, "send", actor=ann, inputs={"depot": "North"})
    (update,) = [each["sql"] for each in queries if each["sql"].startswith("UPDATE")]
    columns = {part.split('"')[1] for part in update.split(" WHERE ")[0].split(" SET ")[1].split(", ")}
    assert columns == {"depot", "state", "state_since", "due_at", "version", "updated_at"}


def test_a_value_changed_in_place_is_saved(make, ann, monkeypatch):
    parcel = make(notes={"seen": []})
    method = Parcel.bring_back
    perform(parcel, "send", actor=ann, inputs={"depot": "North"})

    def body(self, ctx):
        self.notes["seen"].append("returned")
        return method(self, ctx)

    monkeypatch.setattr(Parcel, "bring_back", body)
    perform(parcel, "bring_back", actor=ann)
    assert Parcel.objects.get(pk=parcel.pk).notes == {"seen": ["returned"]}


def test_the_order_of_the_questions(make, ann, policy):
    parcel = make(weight=50)
    perform(parcel, "relabel", actor=ann, inputs={"label": "x"})
    everything_wrong = {"actor": ann, "inputs": {"depot": ""}, "expected_version": 1}
    policy.hidden, policy.denied = {parcel.pk}, {"deliver"}
    with pytest.raises(NotFound):
        perform(parcel, "deliver", **everything_wrong)
    policy.hidden = set()
    with pytest.raises(Denied):
        perform(parcel, "deliver", **everything_wrong)
    policy.denied = set()
    with pytest.raises(Stale):
        perform(parcel, "deliver", **everything_wrong)
    everything_wrong["expected_version"] = 2
    with pytest.raises(WrongState, match="“Deliver” is not possible in the state “Packed”"):
        perform(parcel, "deliver", **everything_wrong)
    with pytest.raises(InvalidInput) as invalid:
        perform(parcel, "send", **everything_wrong)
    assert invalid.value.errors == {"depot": ["This field is required."]}
    with pytest.raises(Refused):
        perform(parcel, "send", **{**everything_wrong, "inputs": {"depot": "North"}})
    assert Parcel.objects.get(pk=parcel.pk).state == "packed"
    assert TransitionRecord.objects.filter(object_id=parcel.pk).count() == 2


def test_every_guard_that_refuses_is_heard(make, ann):
    parcel = make(weight=50, address="", depot="North")
    with pytest.raises(Refused) as refused:
        perform(parcel, "send", actor=ann, inputs={"depot": "North"})
    assert [(each.code, each.message) for each in refused.value.reasons] == [
        ("too_heavy", "50 kg is more than 30."),
        ("no_address", "Nobody knows where to."),
        ("same_depot", "It is there already."),
    ]


def test_input_that_nobody_asked_for_is_an_error(make, ann):
    with pytest.raises(InvalidInput) as invalid:
        perform(make(), "send", actor=ann, inputs={"depot": "North", "owner_id": str(uuid4())})
    assert list(invalid.value.errors) == ["owner_id"]


@pytest.mark.parametrize("kind", ["timer", "system", "import", "rule"])
def test_what_is_no_person_does_only_what_lists_it(make, policy, kind):
    parcel, actor = make("sent"), Actor(kind=kind)
    with pytest.raises(Denied):
        perform(parcel, "deliver", actor=actor)
    policy.hidden, policy.denied = {parcel.pk}, {"give_up", "bring_back"}
    if kind == "timer":
        assert perform(parcel, "give_up", actor=actor).state == "lost"
    if kind == "system":
        assert perform(parcel, "bring_back", actor=actor).state == "packed"
    assert policy.asked == []


def test_people_do_not_do_what_is_for_the_timer(make, ann):
    with pytest.raises(Denied):
        perform(make("sent"), "give_up", actor=ann)


def test_a_link_has_the_rights_of_its_user_and_what_is_for_links(make, ann, policy):
    link = Actor.link(ann.user)
    policy.denied = {"deliver"}
    with pytest.raises(Denied):
        perform(make("sent"), "deliver", actor=link)
    assert perform(make("sent"), "sign", actor=link).state == "delivered"
    with pytest.raises(Denied):
        perform(make("sent"), "sign", actor=ann)
    assert perform(make("packed"), "relabel", actor=link, inputs={"label": "x"}).label == "x"


def test_a_record_that_is_not_there(policy, ann):
    with pytest.raises(NotFound):
        perform(Parcel(), "send", actor=ann)


def test_a_transition_that_is_not_there(make, ann):
    with pytest.raises(NotFound):
        perform(make(), "fly", actor=ann)


def test_calling_the_method_is_refused(make):
    parcel = make()
    with pytest.raises(OutsidePerform, match=r"use perform\(obj, 'send'"):
        parcel.send(None)
    assert parcel.state == "packed"


def test_the_state_cannot_be_set(make):
    parcel = make()
    with pytest.raises(AttributeError):
        parcel.state = "lost"
    with pytest.raises(OutsidePerform):
        parcel.begin("lost")
    parcel.refresh_from_db()
    with pytest.raises(AttributeError):
        parcel.state = "lost"


def test_a_failed_refresh_leaves_the_protection(make):
    parcel = make()
    Parcel.objects.filter(pk=parcel.pk).delete()
    with pytest.raises(Parcel.DoesNotExist):
        parcel.refresh_from_db()
    with pytest.raises(AttributeError):
        parcel.state = "lost"
    with pytest.raises(AttributeError):
        make().state = "lost"


def test_a_narrow_query_does_not_fetch_each_state(make, django_assert_num_queries):
    for _each in range(3):
        make()
    with django_assert_num_queries(1):
        assert len(list(Parcel.objects.only("label"))) == 3


def test_a_target_that_depends_on_the_record(make, ann, events):
    assert perform(make("lost"), "find", actor=ann).state == "packed"
    assert perform(make("lost", depot="North"), "find", actor=ann).state == "sent"
    assert [event.name for event in events] == ["parcel.sent"]


def test_a_target_that_depends_on_the_input(make, ann):
    assert perform(make("delivered"), "judge", actor=ann, inputs={"verdict": "lost"}).state == "lost"
    parcel = make("delivered")
    with pytest.raises(Exception, match="not in list of allowed states"):
        perform(parcel, "judge", actor=ann, inputs={"verdict": "sent"})
    assert Parcel.objects.get(pk=parcel.pk).state == "delivered"


def test_a_transition_may_keep_the_state_and_name_its_event(make, ann, events):
    parcel = make("sent")
    assert perform(parcel, "relabel", actor=ann, inputs={"label": "x"}).state == "sent"
    perform(parcel, "bring_back", actor=ann)
    assert [event.name for event in events] == ["parcel.relabel", "parcel.returned"]
    line = TransitionRecord.objects.get(object_id=parcel.pk, transition="relabel")
    assert (line.from_state, line.to_state) == ("sent", "sent")


def test_the_party_of_the_history_is_the_one_it_leaves_where_it_goes_to_nobody(make, ann, monkeypatch):
    owner = uuid4()
    parcel, method = make("sent", owner_id=owner), Parcel.bring_back

    def body(self, ctx):
        self.owner_id = None
        return method(self, ctx)

    monkeypatch.setattr(Parcel, "bring_back", body)
    perform(parcel, "bring_back", actor=ann)
    assert TransitionRecord.objects.get(object_id=parcel.pk, transition="bring_back").party_id == owner


def test_a_subscriber_that_fails_undoes_everything(make, ann, policy, events):
    from workflows import ports

    parcel = make()

    def fail(event):
        raise RuntimeError("no alerts today")

    with ports.plugged(policy, events.append, fail), pytest.raises(RuntimeError):
        perform(parcel, "send", actor=ann, inputs={"depot": "North"})
    assert Parcel.objects.get(pk=parcel.pk).state == "packed"
    assert not Timer.objects.exists()
    assert TransitionRecord.objects.filter(object_id=parcel.pk).count() == 1


def test_many_at_once_each_for_itself(make, ann, policy):
    good, heavy, hidden = make(), make(weight=99), make()
    policy.hidden = {hidden.pk}
    ids = [good.pk, heavy.pk, hidden.pk, uuid4(), "no id", str(good.pk)]
    answers = perform_many(Parcel, ids, "send", actor=ann, inputs={"depot": "North"})
    assert [(each.id, each.ok, each.error and each.error.code) for each in answers] == [
        (str(good.pk), True, None),
        (str(heavy.pk), False, "refused"),
        (str(hidden.pk), False, "not_found"),
        (str(ids[3]), False, "not_found"),
        ("no id", False, "not_found"),
    ]
    assert answers[0].obj.state == "sent"


def test_what_is_offered(make, ann, policy):
    policy.denied = {"relabel"}
    options = {each.name: each for each in available(make(weight=50, depot="North"), ann)}
    assert list(options) == ["send", "bring_back", "deliver", "find", "judge"]
    send = options["send"]
    assert (send.enabled, send.in_state, send.target, send.tone) == (False, True, "sent", "primary")
    assert [each.code for each in send.reasons] == ["too_heavy"], "a guard of the inputs is not asked yet"
    assert (options["deliver"].enabled, options["deliver"].reasons[0].code) == (False, "wrong_state")
    offered = {each.name: each for each in available(make("lost", depot="North"), ann)}
    assert (offered["find"].enabled, offered["find"].target) == (True, "sent")
    assert {each.name: each for each in available(make("delivered"), ann)}["judge"].target is None


def test_nothing_is_offered_of_what_is_hidden(make, ann, policy):
    parcel = make()
    policy.hidden = {parcel.pk}
    assert available(parcel, ann) == []


def test_a_record_of_two_tables(policy, ann):
    with unit_of_work():
        crate = Crate.objects.create(colour="red")
        record_creation(crate, ann)
    done = perform(crate, "shut", actor=ann, inputs={"colour": "blue"})
    stored = Crate.objects.get(pk=crate.pk)
    assert (stored.state, stored.colour, stored.version, done.version) == ("shut", "blue", 2, 2)


def test_a_record_without_states_has_its_history(policy, ann, events):
    with unit_of_work():
        depot = Depot.objects.create(name="North")
        record_creation(depot, ann, inputs={"name": "North"})
        depot.version = 2
        depot.save()
        record_update(depot, ann, ["name"])
    lines = TransitionRecord.objects.filter(object_id=depot.pk).order_by("version")
    assert [(each.transition, each.from_state, each.to_state, each.inputs) for each in lines] == [
        ("create", None, "", {"name": "North"}),
        ("update", "", "", {"changed": ["name"]}),
    ]
    assert [event.name for event in events] == ["depot.created", "depot.updated"]


def test_as_whom_is_kept(make, ann):
    boss = SimpleNamespace(pk=uuid4(), name="Boss")
    parcel = make()
    perform(
        parcel,
        "relabel",
        actor=Actor(kind="user", user=boss, as_user=ann.user, name="Boss"),
        inputs={"label": "x"},
    )
    line = TransitionRecord.objects.get(object_id=parcel.pk, transition="relabel")
    assert (line.actor_id, line.as_user_id) == (boss.pk, ANN)
