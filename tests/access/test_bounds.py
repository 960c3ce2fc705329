"""Nobody hands on, or looks through, more than they hold: properties over all policies."""

from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prm.access.bounds import both, exceeds
from prm.access.document import document_of
from prm.access.models import Portal
from prm.access.policy import CompiledGrant, CompiledScope, Policy, policy_of
from workflows.conditions import matches

STATES = ("new", "lent")
FIELDS = ("size", "colour")
VERBS = ("view", "create", "edit", "export", "lend", "*")

leaves = st.sampled_from(
    [
        {"field": "size", "op": "is", "value": 1},
        {"field": "size", "op": ">=", "value": 2},
        {"field": "colour", "op": "is", "value": "red"},
        {"field": "holder", "op": "is", "value": "$user.company"},
    ]
)
wheres = st.none() | leaves | st.lists(leaves, max_size=2).map(lambda parts: {"all": parts})
plain_levels = st.sampled_from(["hidden", "read", "write"])
levels = plain_levels | st.dictionaries(st.sampled_from(["*", *STATES]), plain_levels, max_size=3)
scopes = st.builds(
    CompiledScope,
    name=st.just("s"),
    where=wheres,
    actions=st.frozensets(st.sampled_from(VERBS)),
    fields=st.dictionaries(st.sampled_from(["*", *FIELDS]), levels, max_size=3),
    admins_only=st.booleans(),
)
grants = st.lists(scopes, max_size=3).map(lambda some: CompiledGrant(scopes=tuple(some), views=("list",)))
policies = st.dictionaries(st.sampled_from(["leads", "quotes"]), grants, max_size=2).map(
    lambda found: Policy(portal="p", staff=False, grants=found)
)

#: A machine with other work is no reason to fail.
PATIENT = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])

RECORDS = [
    SimpleNamespace(size=size, colour=colour, holder=holder, state=state)
    for size in (1, 2)
    for colour in ("red", "blue")
    for holder in (7, 8)
    for state in STATES
]
PARAMS = {"user.company": 7}
#: Of somebody else, to whom "my company" is another one.
OTHERS = {"user.company": 8}


def allowed(
    policy: Policy, module: str, record: SimpleNamespace, admin: bool, params: dict[str, int] = PARAMS
) -> set[tuple[str, str]]:
    """All that may be done with the record, and which fields may be read and set, worked out row by row."""
    found = set()
    grant = policy.grants.get(module)
    for scope in grant.scopes if grant else ():
        if scope.admins_only and not admin:
            continue
        if scope.where is not None and not matches(scope.where, record, params):
            continue
        found |= {("do", verb) for verb in VERBS[:-1] if scope.allows(verb)}
        for name in FIELDS:
            level = scope.level(name, record.state)
            if scope.allows("view") and level != "hidden":
                found.add(("read", name))
            if scope.allows("edit") and level == "write":
                found.add(("write", name))
            if scope.allows("create") and scope.level(name, None) == "write":
                found.add(("make", name))
    return found


def everything(policy: Policy, params: dict[str, int] = PARAMS) -> list[set[tuple[str, str]]]:
    return [
        allowed(policy, module, record, admin, params)
        for module in ("leads", "quotes")
        for record in RECORDS
        for admin in (True, False)
    ]


@PATIENT
@given(policies)
def test_nobody_exceeds_themselves(policy):
    assert exceeds(policy, policy) == []


@PATIENT
@given(policies, policies)
def test_what_does_not_exceed_allows_nothing_more(holder, wanted):
    if not exceeds(holder, wanted):
        for held, more in zip(everything(holder), everything(wanted), strict=True):
            assert more <= held


@PATIENT
@given(policies, policies)
def test_both_is_within_both_and_only_for_reading(holder, other):
    cut = both(holder, other)
    assert exceeds(holder, cut) == [] == exceeds(other, cut)
    for held, seen, left in zip(everything(holder), everything(other), everything(cut), strict=True):
        assert left <= held & seen
        assert {verb for kind, verb in left if kind != "read"} <= {"view"}
    assert both(holder, other) is cut


@PATIENT
@given(policies, policies)
def test_both_is_within_the_holders_own_rows_whoever_is_looked_at(holder, other):
    """The holder's conditions hold with the holder's values, those of the other one with theirs."""
    left = everything(both(holder, other), OTHERS)
    for held, seen, one in zip(everything(holder), everything(other, OTHERS), left, strict=True):
        assert one <= held & seen


def test_what_a_reader_is_called_counts_for_each_by_themselves():
    mine = CompiledScope(
        "mine",
        {"field": "holder", "op": "is", "value": "$user.company"},
        frozenset({"view"}),
        {"*": "read"},
        False,
    )
    policy = Policy("p", False, {"leads": CompiledGrant((mine,), ("list",))})
    assert both(policy, policy).grants == {}
    assert exceeds(policy, policy) == []


@pytest.mark.django_db
def test_the_administrator_holds_the_channel_and_not_the_other_way_round():
    found = {portal.key: portal for portal in Portal.objects.all()}
    admin, partner = policy_of(found["administrator"]), policy_of(found["partner"])
    excess = exceeds(partner, admin)
    assert {"rows", "action create"} & {one.what for one in excess}
    document = document_of(found["administrator"])
    assert excess[0].what == "staff"
    for one in excess[1:]:
        _grants, module, _scopes, number, *_rest = one.path.split(".")
        assert document["grants"][module]["scopes"][int(number)]["name"] == one.scope
