"""How an import goes: a file is mapped, tried, carried out, and perhaps taken back. And an export."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from django.db import models
from django.utils.translation import gettext_lazy as _

from prm.files.store import discard
from workflows.jobs import enqueue
from workflows.machine import Context, StateField, Wait, Workflow, transition

if TYPE_CHECKING:
    from prm.imports.models import Export, Import

#: How long a file waits that nobody imports, and how long an export can be fetched.
FORGOTTEN, FETCHED = timedelta(days=7), timedelta(days=1)


class ImportWorkflow(Workflow):
    class State(models.TextChoices):
        UPLOADED = "uploaded", _("Uploaded")
        CHECKING = "checking", _("Being checked")
        CHECKED = "checked", _("Checked")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")
        DISCARDED = "discarded", _("Discarded")

    state = StateField(State, default=State.UPLOADED)
    waits = {
        State.UPLOADED: Wait("nobody", after=FORGOTTEN, then="discard"),
        State.CHECKING: Wait("nobody"),
        State.CHECKED: Wait("nobody", after=FORGOTTEN, then="discard"),
        State.RUNNING: Wait("nobody"),
        State.UNDOING: Wait("nobody"),
    }
    finals = {State.DONE, State.FAILED, State.UNDONE, State.DISCARDED}

    class Meta:
        abstract = True

    @transition(
        title=_("Check"),
        source=[State.UPLOADED, State.CHECKED],
        target=State.CHECKING,
        tone="primary",
        event="check_asked",
    )
    def check_rows(self, ctx: Context) -> None:
        self.ask("check", done=0, problem="")

    @transition(title=_("Checked"), source=State.CHECKING, target=State.CHECKED, by=("system",))
    def found(self, ctx: Context) -> None: ...

    @transition(
        title=_("Cannot be read"),
        source=State.CHECKING,
        target=State.UPLOADED,
        by=("system",),
        event="unreadable",
    )
    def return_unread(self, ctx: Context) -> None: ...

    @transition(
        title=_("Import"), source=State.CHECKED, target=State.RUNNING, tone="primary", event="started"
    )
    def run(self, ctx: Context) -> None:
        self.ask("carry_out", done=0, position=0, step=0)

    @transition(title=_("Done"), source=State.RUNNING, target=State.DONE, by=("system",))
    def finish(self, ctx: Context) -> None:
        self.drop_file()

    @transition(title=_("Failed"), source=[State.RUNNING, State.UNDOING], target=State.FAILED, by=("system",))
    def fail(self, ctx: Context) -> None:
        self.drop_file()

    @transition(
        title=_("Undo"),
        source=[State.DONE, State.FAILED],
        target=State.UNDOING,
        tone="danger",
        confirm=_("Records that nobody has changed since are deleted or get their former values back."),
        event="undo_asked",
    )
    def undo(self, ctx: Context) -> None:
        self.ask("undo", done=0)

    @transition(title=_("Undone"), source=State.UNDOING, target=State.UNDONE, by=("system",))
    def undo_done(self, ctx: Context) -> None: ...

    @transition(
        title=_("Discard"),
        source=[State.UPLOADED, State.CHECKED],
        target=State.DISCARDED,
        by=("user", "timer"),
    )
    def discard(self, ctx: Context) -> None:
        """Nothing has been made of it."""
        self.drop_file()
        cast("Import", self).report = {}

    def drop_file(self) -> None:
        """Takes the file away: people are in it, and nothing will be read of it again."""
        this = cast("Import", self)
        if this.content is not None:
            discard(this.content)
        this.content, this.sample = None, []

    def ask(self, job: str, **fields: Any) -> None:
        """Has a job take it from here."""
        for name, value in fields.items():
            setattr(self, name, value)
        enqueue(f"prm.imports.jobs.{job}", str(self.pk))


class ExportWorkflow(Workflow):
    class State(models.TextChoices):
        WAITING = "waiting", _("Being made")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")
        EXPIRED = "expired", _("Expired")

    state = StateField(State, default=State.WAITING)
    waits = {
        State.WAITING: Wait("nobody"),
        State.READY: Wait("nobody", after=FETCHED, then="expire"),
    }
    finals = {State.FAILED, State.EXPIRED}

    class Meta:
        abstract = True

    @transition(title=_("Ready"), source=State.WAITING, target=State.READY, by=("system",))
    def finish(self, ctx: Context) -> None: ...

    @transition(title=_("Failed"), source=State.WAITING, target=State.FAILED, by=("system",))
    def fail(self, ctx: Context) -> None: ...

    @transition(title=_("Expire"), source=State.READY, target=State.EXPIRED, by=("timer",))
    def expire(self, ctx: Context) -> None:
        this = cast("Export", self)
        if this.content is not None:
            discard(this.content)
        this.content = None
