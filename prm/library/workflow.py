"""How a document may change: written, published now or later, and retired when its time is over."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from workflows.inputs import Input
from workflows.machine import Context, Depends, StateField, Wait, Workflow, guard, transition

if TYPE_CHECKING:
    from prm.library.models import Document


@guard("has_content")
def has_content(document: Document, ctx: Context) -> str | None:
    if document.body.strip() or document.versions.exists():
        return None
    return gettext("There is nothing to read yet: write a text, or add a file or a link.")


@guard("not_expired")
def not_expired(document: Document, ctx: Context) -> str | None:
    if document.expires_at is None or document.expires_at > ctx.now:
        return None
    return gettext("It has expired already: choose a later end.")


@guard("ends_later", needs_inputs=True)
def ends_later(document: Document, ctx: Context) -> str | None:
    until = ctx.inputs.get("until")
    return gettext("Choose a time that is still to come.") if until and until <= ctx.now else None


def _later(document: Any) -> bool:
    """Whether it is to appear at a time that is still to come."""
    return document.published_from is not None and document.published_from > timezone.now()


def _target(document: Any) -> str:
    return str(DocumentWorkflow.State.SCHEDULED if _later(document) else DocumentWorkflow.State.PUBLISHED)


class DocumentWorkflow(Workflow):
    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SCHEDULED = "scheduled", _("Scheduled")
        PUBLISHED = "published", _("Published")
        RETIRED = "retired", _("Retired")

    state = StateField(State, default=State.DRAFT)
    waits = {
        State.DRAFT: Wait("vendor"),
        State.SCHEDULED: Wait("nobody", after=lambda document: document.published_from, then="appear"),
        State.PUBLISHED: Wait("nobody", after=lambda document: document.expires_at, then="retire"),
    }
    initial = {State.DRAFT}
    finals = {State.RETIRED}

    published_from: datetime | None
    published_at: datetime | None
    expires_at: datetime | None

    class Meta:
        abstract = True

    @transition(
        title=_("Publish"),
        source=State.DRAFT,
        target=Depends(_target, (State.SCHEDULED, State.PUBLISHED)),
        guards=[has_content, not_expired],
        tone="primary",
    )
    def publish(self, ctx: Context) -> None:
        if not _later(self):
            self.published_at = ctx.now

    @transition(
        title=_("Appear"), source=State.SCHEDULED, target=State.PUBLISHED, by=("timer",), event="published"
    )
    def appear(self, ctx: Context) -> None:
        self.published_at = ctx.now

    @transition(
        title=_("Set another end"),
        source=State.PUBLISHED,
        target=State.PUBLISHED,
        inputs={"until": Input(kind="datetime", required=False, label=_("Expires"))},
        guards=[ends_later],
        event="extended",
    )
    def extend(self, ctx: Context) -> None:
        self.expires_at = ctx.inputs.get("until")

    @transition(
        title=_("Retire"),
        source=[State.SCHEDULED, State.PUBLISHED],
        target=State.RETIRED,
        by=("user", "timer"),
        tone="danger",
        confirm=_("Nobody outside will find it any more. Retire it?"),
    )
    def retire(self, ctx: Context) -> None: ...

    @transition(
        title=_("Back to draft"),
        source=[State.SCHEDULED, State.RETIRED],
        target=State.DRAFT,
        event="reopened",
    )
    def rework(self, ctx: Context) -> None:
        self.published_at = None
