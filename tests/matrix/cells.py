"""The matrix: every state, transition and role of every machine, what is offered beside what really happens.

Generated from the machines themselves, so a new one is tried without a line here: its records are made from
their fields, its inputs from their declarations. Only where that is not enough is a recipe given.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import models, transaction
from django.utils import timezone

from prm.access.document import document_of
from prm.access.models import Portal, PortalVersion
from prm.modules import registry
from prm.people.models import Contact, User
from prm.portals.models import PortalDraft
from tests import factories
from tests.cast import World
from tests.matrix.expected import ROLES
from workflows.actor import Actor
from workflows.errors import WorkflowError
from workflows.inputs import Input
from workflows.machine import Machine, Transition, machines
from workflows.perform import Option, available, perform

LONG_AGO = dt.date(2020, 1, 1)
LONG_PAST = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


def key_of(machine: Machine) -> str:
    """The key of the module that shows the machine's records, or the label of one that no module shows."""
    module = registry.for_model(machine.model)
    return module.key if module else machine.label


@dataclass(frozen=True)
class Case:
    """A record to try everything on: in `state`, Northwind's where it can be; `name` if special."""

    machine: Machine
    state: str
    name: str
    make: Callable[[World], Any]

    @property
    def module(self) -> str:
        """The key of its module."""
        return key_of(self.machine)


@dataclass(frozen=True)
class Cell:
    """One try: what `role` was offered, and what came of it ("done" or the code of the refusal)."""

    case: Case
    role: str
    transition: str
    option: Option | None
    outcome: str
    reasons: tuple[str, ...] = ()
    to_state: str = ""

    def __str__(self) -> str:
        offered = "not offered" if self.option is None else ("offered" if self.option.enabled else "disabled")
        record = f"{self.case.module} {self.case.state}" + (f" ({self.case.name})" if self.case.name else "")
        return f"{record}: {self.transition} by {self.role}: {offered}, {self.outcome}"

    @property
    def agrees(self) -> bool:
        """Offered and done, or not offered and refused for the very reason that was given."""
        if self.option is None:
            return self.outcome in ("denied", "not_found")
        if self.option.enabled:
            return self.outcome == "done" and self.option.target in (None, self.to_state)
        said = tuple(reason.code for reason in self.option.reasons)
        if said == ("wrong_state",):
            return self.outcome == "wrong_state"
        return self.outcome == "refused" and set(said) <= set(self.reasons)


def actors(world: World) -> dict[str, Actor]:
    """Who tries, by role; users as they are now, since a case may have moved them."""
    users = {
        "administrator": world.admin,
        "channel_manager": world.maria,
        "partner_admin": world.alice,
        "partner_user": world.bob,
        "rival": world.carol,
        "customer": world.dana,
        "employee": world.erin,
    }
    found = {role: Actor.of(User.objects.get(pk=user.pk)) for role, user in users.items()}
    found["anonymous"] = Actor.of(AnonymousUser())
    found["applicant"] = Actor.link(name="Applicant")
    found["timer"] = Actor.timer()
    found["system"] = Actor.system()
    assert tuple(found) == ROLES
    return found


# --- records ------------------------------------------------------------------------------------------


def _lead(state: str, **fields: Any) -> Callable[[World], Any]:
    return lambda world: factories.make_lead(
        state, None if state in ("new", "pooled") else world.northwind, **fields
    )


def _opportunity(state: str) -> Callable[[World], Any]:
    return lambda world: factories.make_opportunity(state, None if state == "draft" else world.northwind)


def _partner(state: str, **fields: Any) -> Callable[[World], Any]:
    def make(world: World) -> Any:
        # Alice and Bob become its people: a partner's own users have the least to do with its fate.
        partner = factories.make_partner(state, **fields)
        Contact.objects.filter(pk__in=[world.alice.contact_id, world.bob.contact_id]).update(
            company_id=partner.pk
        )
        return partner

    return make


def _registration(state: str, **fields: Any) -> Callable[[World], Any]:
    return lambda world: factories.make_registration(state, **fields)


def _invitation(state: str) -> Callable[[World], Any]:
    return lambda world: factories.make_invitation(state, world.northwind)


def _quote(state: str, **fields: Any) -> Callable[[World], Any]:
    """A quote of Northwind's for Fabrikam."""

    def make(world: World) -> Any:
        contact = factories.make_contact(world.fabrikam)
        return factories.make_quote(state, world.northwind_opportunity, **{"contact": contact, **fields})

    return make


def _behind_its_back(make: Callable[[World], Any], name: str, state: str) -> Callable[[World], Any]:
    """The quote stays as it is while what it rests on has come to `state`, which nobody was told of."""

    def made(world: World) -> Any:
        quote = make(world)
        below = getattr(quote, name)
        type(below).objects.filter(pk=below.pk).update(state=state)
        return type(quote).objects.get(pk=quote.pk)

    return made


def _document(state: str, **fields: Any) -> Callable[[World], Any]:
    return lambda world: factories.make_document(state, **fields)


def _portal_draft(state: str) -> Callable[[World], Any]:
    """A change of what partners have that changes nothing yet."""

    def make(world: World) -> Any:
        portal = Portal.objects.get(key="partner")
        draft = PortalDraft(portal=portal, title=portal.title, document=document_of(portal))
        draft.base = PortalVersion.objects.filter(portal=portal).count()
        draft.begin(state)
        draft.save()
        return PortalDraft.objects.get(pk=draft.pk)

    return make


RECIPES: dict[str, Callable[[str], Callable[[World], Any]]] = {
    "documents": _document,
    "leads": _lead,
    "opportunities": _opportunity,
    "partners": _partner,
    "registrations": _registration,
    "invitations": _invitation,
    "quotes": _quote,
    "portal-drafts": _portal_draft,
}


def _worked_by_alice(make: Callable[[World], Any]) -> Callable[[World], Any]:
    def made(world: World) -> Any:
        record = make(world)
        type(record).objects.filter(pk=record.pk).update(assignee=world.alice)
        return type(record).objects.get(pk=record.pk)

    return made


def _alone(make: Callable[[World], Any]) -> Callable[[World], Any]:
    def made(world: World) -> Any:
        record = make(world)
        type(record).objects.filter(pk=record.pk).update(assignee=world.alice)
        # Bob's login has ended, so Alice has no colleague.
        User.objects.filter(pk=world.bob.pk).update(is_active=False)
        return type(record).objects.get(pk=record.pk)

    return made


#: Records on which a guard speaks: (module, state, name, how it is made).
SPECIAL: tuple[tuple[str, str, str, Callable[[World], Any]], ...] = (
    ("documents", "draft", "nothing to read", _document("draft", body="")),
    ("documents", "draft", "expired before", _document("draft", expires_at=LONG_PAST)),
    ("leads", "accepted", "worked by a colleague", _worked_by_alice(_lead("accepted"))),
    ("leads", "contacted", "nobody to hand it to", _alone(_lead("contacted"))),
    ("opportunities", "managed", "worked by a colleague", _worked_by_alice(_opportunity("managed"))),
    ("partners", "onboarding", "checklist open", _partner("onboarding", steps_done=False)),
    ("quotes", "draft", "no lines", _quote("draft", lines=[])),
    ("quotes", "pending_approval", "past its last day", _quote("pending_approval", valid_until=LONG_AGO)),
    ("quotes", "approved", "contact without email", _quote("approved", contact=None)),
    ("quotes", "sent", "deal lost", _behind_its_back(_quote("sent"), "opportunity", "lost")),
    ("quotes", "draft", "partner suspended", _behind_its_back(_quote("draft"), "partner", "suspended")),
    ("registrations", "draft", "email not confirmed", _registration("draft", email_confirmed_at=None)),
    ("registrations", "returned", "answers missing", _registration("returned", company_name="", website="")),
)


def _from_fields(model: type[models.Model], state: str) -> Callable[[World], Any]:
    """A record of a model that is not known here, Northwind's wherever it refers to a partner."""

    def make(world: World) -> Any:
        record: Any = model()
        for column in model._meta.concrete_fields:
            if column.primary_key or column.has_default() or column.name == "state":
                continue
            if isinstance(column, models.ForeignKey):
                value: Any = _related(world, column.related_model)
                if value is not None or not column.null:
                    setattr(record, column.name, value)
            elif not (column.blank or column.null):
                setattr(record, column.attname, _value(column))
        record.begin(state)
        record.save()
        return model._default_manager.get(pk=record.pk)

    return make


def _related(world: World, model: Any) -> Any:
    return next((one for one in vars(world).values() if isinstance(one, model)), None)


def _value(column: models.Field[Any, Any]) -> Any:
    if isinstance(column, models.DateTimeField):
        return timezone.now() + dt.timedelta(days=1)
    if isinstance(column, models.DateField):
        return timezone.localdate()
    if isinstance(column, models.IntegerField | models.DecimalField):
        return 1
    if isinstance(column, models.EmailField):
        return "somebody@somewhere.example"
    return str(column.flatchoices[0][0]) if column.flatchoices else "x"


def cases(keys: set[str] | None = None) -> Iterator[Case]:
    """Every state of every machine, and the special ones."""
    for machine in machines():
        key = key_of(machine)
        if keys is not None and key not in keys:
            continue
        for state in machine.states:
            make = RECIPES[key](state) if key in RECIPES else _from_fields(machine.model, state)
            yield Case(machine, state, "", make)
        for special, state, name, make in SPECIAL:
            if special == key:
                yield Case(machine, state, name, make)


# --- inputs -------------------------------------------------------------------------------------------


def inputs(world: World, transition: Transition) -> dict[str, Any]:
    """What is required, with values that every guard accepts."""
    return {name: _good(world, one) for name, one in transition.inputs.items() if one.required}


def _good(world: World, one: Input) -> Any:
    match one.kind:
        case "reference":
            # A colleague of Northwind's, and a partner that is active whatever record is tried.
            known = {"users": world.bob, "partners": world.contoso, "accounts": world.fabrikam}
            model = registry.get(one.module).model
            target = known.get(one.module) or _related(world, model)
            return str(target.pk)
        case "choice" | "country":
            return str(one.options()[0][0])
        case "integer" | "decimal":
            return str(one.min or 1)
        case "money":
            return {"amount": "100", "currency": "USD"}
        case "date":
            return timezone.localdate().isoformat()
        case "datetime":
            return (timezone.now() + dt.timedelta(days=1)).isoformat()
        case "boolean":
            return True
        case "email":
            return "somebody@somewhere.example"
        case "url":
            return "https://somewhere.example"
        case "phone":
            return "+4930123456"
        case _:
            return "x"


# --- trying -------------------------------------------------------------------------------------------


@contextmanager
def undone() -> Iterator[None]:
    """A block whose writes are rolled back, whether it fails or not."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def tries(world: World, case: Case) -> Iterator[Cell]:
    """Every transition by every role on one record, each undone again."""
    with undone():
        record = case.make(world)
        for role, actor in actors(world).items():
            options = {option.name: option for option in available(record, actor)}
            for transition in case.machine.transitions:
                option = options.pop(transition.name, None)
                outcome, reasons, to_state = _try(record, transition, actor, inputs(world, transition))
                yield Cell(case, role, transition.name, option, outcome, reasons, to_state)
            assert not options, f"offered without being a transition: {set(options)}"


def _try(
    record: Any, transition: Transition, actor: Actor, given: Mapping[str, Any]
) -> tuple[str, tuple[str, ...], str]:
    to_state = ""
    try:
        with undone():
            to_state = perform(record, transition.name, actor=actor, inputs=given).state
    except WorkflowError as error:
        reasons = tuple(reason.code for reason in getattr(error, "reasons", ()))
        return error.code, reasons, to_state
    except Exception as error:
        # Nobody is to see this, whoever they are; and the other cells are still to be tried.
        return f"crashed: {type(error).__name__}: {error}"[:120], (), to_state
    return "done", (), to_state
