"""Files that arrive in parts: who is told what when two requests finish the same one."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest

from prm.modules import registry
from prm.records import uploads
from prm.records.models import File, Upload
from workflows.actor import Actor
from workflows.errors import NotFound

TEXT = b"Measured at noon."


def finished_elsewhere(world: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A call that finishes an upload, as it read it just before another request has finished it."""
    actor, module, obj = Actor.of(world.alice), registry.get("leads"), world.northwind_lead
    upload = uploads.begin(actor, module, obj, name="data.txt", size=len(TEXT))
    monkeypatch.setattr(uploads, "_finish", lambda *args: None)
    before = uploads.append(actor, module, obj, upload.pk, offset=0, part=BytesIO(TEXT))
    monkeypatch.undo()
    uploads.append(actor, module, obj, upload.pk, offset=len(TEXT), part=BytesIO())
    monkeypatch.setattr(uploads, "find", lambda *args: before)
    return lambda: uploads.append(actor, module, obj, upload.pk, offset=len(TEXT), part=BytesIO())


def test_whoever_comes_second_gets_the_same_file(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    again = finished_elsewhere(world, monkeypatch)
    assert again().file == File.objects.get()


def test_whoever_comes_when_it_was_cancelled_is_told_that_it_is_gone(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = finished_elsewhere(world, monkeypatch)
    Upload.objects.all().delete()
    with pytest.raises(NotFound):
        again()
