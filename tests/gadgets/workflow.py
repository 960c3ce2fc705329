"""A loan in three states: enough to have a timer, a guard, an input and a way back."""

from datetime import timedelta
from uuid import UUID

from django.db import models

from workflows.inputs import Input
from workflows.machine import Context, StateField, Wait, Workflow, guard, transition


@guard("has_name")
def has_name(gadget: "GadgetWorkflow", ctx: Context) -> str | None:
    return None if gadget.name != "nameless" else "Name the gadget first."


class GadgetWorkflow(Workflow):
    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        LENT = "lent", "Lent"
        BACK = "back", "Back"

    state = StateField(State, default=State.DRAFT)
    waits = {
        State.DRAFT: Wait("vendor"),
        State.LENT: Wait("partner", after=timedelta(days=3), then="take_back"),
    }
    finals = {State.BACK}

    name: str
    holder_id: UUID | None

    class Meta:
        abstract = True

    @property
    def party_id(self) -> UUID | None:
        return self.holder_id

    @transition(
        title="Lend",
        source=State.DRAFT,
        target=State.LENT,
        inputs={"holder": Input(kind="reference", module="partners", label="Holder")},
        guards=[has_name],
        tone="primary",
    )
    def lend(self, ctx: Context) -> None:
        self.holder = ctx.inputs["holder"]

    @transition(
        title="Take back",
        source=State.LENT,
        target=State.BACK,
        inputs={"reason": Input(kind="text", required=False, label="Reason")},
        by=("user", "timer"),
    )
    def take_back(self, ctx: Context) -> None:
        pass
