"""A parcel on its way, and a crate that is a box by another table: every feature of the engine once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.db import models
from djmoney.models.fields import MoneyField

from workflows.inputs import Input
from workflows.machine import Context, Depends, StateField, Wait, Workflow, guard, transition
from workflows.models import Record


@guard("too_heavy")
def not_too_heavy(obj: Parcel, ctx: Context) -> str | None:
    return f"{obj.weight} kg is more than 30." if obj.weight > 30 else None


@guard("no_address")
def has_address(obj: Parcel, ctx: Context) -> str | None:
    return None if obj.address else "Nobody knows where to."


@guard("same_depot", needs_inputs=True)
def another_depot(obj: Parcel, ctx: Context) -> str | None:
    return "It is there already." if ctx.inputs["depot"] == obj.depot else None


class ParcelWorkflow(Workflow):
    class State(models.TextChoices):
        PACKED = "packed", "Packed"
        SENT = "sent", "Sent"
        DELIVERED = "delivered", "Delivered"
        LOST = "lost", "Lost"

    state = StateField(State, default=State.PACKED)
    waits = {
        State.PACKED: Wait("vendor"),
        State.SENT: Wait("partner", after=lambda parcel: timedelta(days=parcel.patience), then="give_up"),
    }
    finals = {State.DELIVERED, State.LOST}
    initial = {State.PACKED}

    class Meta:
        abstract = True

    @transition(
        title="Send",
        source=State.PACKED,
        target=State.SENT,
        inputs={
            "depot": Input(kind="text", label="Depot", max_length=20),
            "reason": Input(kind="text", label="Reason", required=False),
        },
        guards=[not_too_heavy, has_address, another_depot],
        tone="primary",
    )
    def send(self, ctx: Context) -> None:
        self.depot = ctx.inputs["depot"]

    @transition(
        title="Bring back", source=State.SENT, target=State.PACKED, by=("user", "system"), event="returned"
    )
    def bring_back(self, ctx: Context) -> None:
        self.depot = ""

    @transition(title="Deliver", source=State.SENT, target=State.DELIVERED)
    def deliver(self, ctx: Context) -> None:
        pass

    @transition(title="Give up", source=State.SENT, target=State.LOST, by=("timer",))
    def give_up(self, ctx: Context) -> None:
        if self.label == "cursed":
            raise RuntimeError("the clerk has fainted")

    @transition(title="Sign", source=State.SENT, target=State.DELIVERED, by=("link",))
    def sign(self, ctx: Context) -> None:
        pass

    @transition(
        title="Label", source=[State.PACKED, State.SENT], target=None, inputs={"label": Input(kind="text")}
    )
    def relabel(self, ctx: Context) -> None:
        self.label = ctx.inputs["label"]

    @transition(
        title="Find",
        source=State.LOST,
        target=Depends(
            lambda parcel: "sent" if parcel.depot else "packed", states=[State.SENT, State.PACKED]
        ),
    )
    def find(self, ctx: Context) -> None:
        pass

    @transition(
        title="Judge",
        source=State.DELIVERED,
        target=Depends(
            lambda parcel, ctx: ctx.inputs["verdict"], states=[State.LOST, State.PACKED], by_inputs=True
        ),
        inputs={
            "verdict": Input(
                kind="choice", choices=[("lost", "Lost"), ("packed", "Packed"), ("sent", "Sent")]
            )
        },
    )
    def judge(self, ctx: Context) -> None:
        pass


class Parcel(ParcelWorkflow, Record):
    label = models.CharField(max_length=50, blank=True)
    address = models.CharField(max_length=50, blank=True, default="Main Street")
    depot = models.CharField(max_length=20, blank=True)
    weight = models.IntegerField(default=1)
    patience = models.IntegerField(default=3)
    notes = models.JSONField(default=dict)
    owner_id = models.UUIDField(null=True)

    @property
    def party_id(self) -> Any:
        return self.owner_id


class Box(Record):
    colour = models.CharField(max_length=20, blank=True)


class CrateWorkflow(Workflow):
    class State(models.TextChoices):
        OPEN = "open", "Open"
        SHUT = "shut", "Shut"

    state = StateField(State, default=State.OPEN)
    waits = {State.OPEN: Wait("vendor")}
    finals = {State.SHUT}

    class Meta:
        abstract = True

    @transition(title="Shut", source=State.OPEN, target=State.SHUT, inputs={"colour": Input(kind="text")})
    def shut(self, ctx: Context) -> None:
        self.colour = ctx.inputs["colour"]


class Crate(CrateWorkflow, Box):
    """Its state is in its own table, its version in that of the box."""


class Depot(Record):
    """A record without states."""

    name = models.CharField(max_length=50)
    region = models.CharField(max_length=20, null=True)


class Letter(Record):
    """A record to ask conditions of: every kind of column, most of which may be empty."""

    text = models.CharField(max_length=50, null=True)
    body = models.TextField(blank=True)
    number = models.IntegerField(null=True)
    amount = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    price = MoneyField(max_digits=12, decimal_places=2, null=True, default_currency="USD")
    day = models.DateField(null=True)
    moment = models.DateTimeField(null=True)
    flag = models.BooleanField(default=False)
    depot = models.ForeignKey(Depot, null=True, on_delete=models.CASCADE, related_name="letters")

    objects: ClassVar[models.Manager[Letter]] = models.Manager()
