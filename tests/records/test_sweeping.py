"""What hangs on nothing any more goes: files of deleted records, uploads that nobody went on with."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from prm.files import store
from prm.modules import registry
from prm.records import files, sweeping, uploads
from prm.records.models import File, Upload
from tests.factories import make_account
from workflows.actor import Actor
from workflows.jobs import run_pending


@pytest.fixture
def account(world: Any) -> Any:
    return make_account(world.northwind, name="Litware")


def test_files_go_with_their_record(world: Any, account: Any) -> None:
    module, who = registry.get("accounts"), Actor.of(world.alice)
    kept, lost = world.fabrikam, account
    found = []
    for record in (kept, lost):
        stored = store.store(BytesIO(b"text"), "a.txt")
        found.append(files.attach(who, module, record, stored))
    lost.delete()
    assert sweeping.sweep_files() == 1
    run_pending()
    assert list(File.objects.all()) == [found[0]]
    assert [default_storage.exists(one.stored.key) for one in found] == [True, False]


def test_an_upload_that_nobody_goes_on_with_ends(world: Any) -> None:
    module, who, lead = registry.get("leads"), Actor.of(world.bob), world.northwind_lead
    left = uploads.begin(who, module, lead, name="a.txt", size=10)
    done = uploads.begin(who, module, lead, name="b.txt", size=4)
    uploads.append(who, module, lead, left.pk, offset=0, part=BytesIO(b"half"))
    uploads.append(who, module, lead, done.pk, offset=0, part=BytesIO(b"text"))
    (part,) = Upload.objects.get(pk=left.pk).parts
    assert sweeping.sweep_uploads(timezone.now()) == 0
    assert sweeping.sweep_uploads(timezone.now() + timedelta(hours=25)) == 2
    assert not default_storage.exists(part)
    assert File.objects.get().name == "b.txt"


def test_two_servers_that_get_the_same_part_count_it_once(world: Any) -> None:
    module, who, lead = registry.get("leads"), Actor.of(world.bob), world.northwind_lead
    upload = uploads.begin(who, module, lead, name="a.txt", size=8)
    stale = uploads.find(who, module, lead, upload.pk)
    uploads.append(who, module, lead, upload.pk, offset=0, part=BytesIO(b"half"))
    with pytest.raises(uploads.WrongOffset) as wrong:
        uploads._take(stale, 0, BytesIO(b"half"), 4)
    assert wrong.value.offset == 4
    assert len(Upload.objects.get().parts) == 1
