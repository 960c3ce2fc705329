"""The pages of imports and exports, and that a file never says more than the list."""

import csv
import io

import pytest
from django.urls import reverse
from python_calamine import CalamineWorkbook

from prm.access.models import Scope
from prm.imports import exporting, jobs
from prm.imports.models import Export, Import
from prm.leads.models import Lead
from prm.modules import registry
from prm.modules.read import list_page
from tests.factories import make_lead
from workflows.actor import Actor
from workflows.perform import perform

pytestmark = pytest.mark.django_db


def sign_in(client, user):
    client.force_login(user)
    return client


def upload(client, module, text, name="file.csv"):
    file = io.BytesIO(text.encode())
    file.name = name
    response = client.post(reverse("import"), {"module": module, "file": file})
    assert response.status_code == 302, response.content.decode()[:3000]
    return Import.objects.get(pk=response.url.rstrip("/").split("/")[-1])


def mapped(job, **more):
    by_column = {column: name for name, column in job.mapping["columns"].items()}
    fields = {f"col-{at}": by_column.get(column, "") for at, column in enumerate(job.header)}
    return {**fields, "key": job.mapping["key"], "dates": "%Y-%m-%d", "decimal": ".", "do": "check", **more}


def table(response):
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_from_the_list_to_the_records_and_back(world, client):
    sign_in(client, world.maria)
    assert reverse("import") in client.get("/leads/").content.decode()
    job = upload(client, "leads", "Topic,Company,Country\nT1,Acme,Germany\nT2,Acme,Germny\n=T3,x,Atlantis\n")
    page = reverse("import-one", args=[job.pk])
    assert "Germany" in client.get(page).content.decode()
    client.post(page, mapped(job))
    job.refresh_from_db()
    assert (job.state, job.report["counts"]) == ("checked", {"create": 1, "wrong": 2})
    shown = client.get(page).content.decode()
    assert "Atlantis" in shown
    client.post(page, {"word-0": "DE", "word-1": "", "do": "words"})
    job.refresh_from_db()
    assert job.report["counts"] == {"create": 2, "wrong": 1}
    client.post(page, {"do": "run"})
    assert client.get(f"{page}?part=progress").status_code == 200
    jobs.carry_out(str(job.pk))
    assert client.get(f"{page}?part=progress")["HX-Refresh"] == "true"
    job.refresh_from_db()
    assert (job.state, job.made, job.wrong) == ("done", 2, 1)
    listed = client.get(f"/leads/?imported={job.pk}").content.decode()
    assert "T1" in listed
    assert world.northwind_lead.topic not in listed
    rows = table(client.get(reverse("import-rejected", args=[job.pk, "csv"])))
    assert (rows[0]["Topic"], rows[0]["row"]) == ("'=T3", "4")
    book = client.get(reverse("import-rejected", args=[job.pk, "xlsx"])).content
    assert CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()[1][0] == "'=T3"
    client.post(page, {"do": "undo"})
    jobs.undo(str(job.pk))
    assert Lead.objects.filter(topic__in=["T1", "T2"]).count() == 0
    assert "2 records were taken back" in client.get(page).content.decode()


def test_what_is_wrong_is_said_at_the_field_and_the_choice_is_kept(world, client):
    sign_in(client, world.maria)
    assert client.post(reverse("import"), {}).status_code == 422
    file = io.BytesIO(b"\x00\x01\x02")
    file.name = "x.csv"
    assert client.post(reverse("import"), {"module": "leads", "file": file}).status_code == 422
    job = upload(client, "leads", "Topic,Company\nT1,Acme\n")
    page = reverse("import-one", args=[job.pk])
    response = client.post(page, mapped(job, **{"col-0": "company_name", "col-1": "company_name"}))
    assert response.status_code == 422
    assert "Two columns cannot be one field" in response.content.decode()
    response = client.post(page, mapped(job, **{"col-0": ""}))
    assert response.status_code == 422
    assert job.state == "uploaded"


def test_an_import_is_its_owners(world, client):
    job = upload(sign_in(client, world.alice), "leads", "Topic\nT\n")
    page = reverse("import-one", args=[job.pk])
    for user, status in ((world.bob, 404), (world.carol, 404), (world.dana, 404), (world.admin, 200)):
        sign_in(client, user)
        assert client.get(page).status_code == status
        assert client.get(reverse("import-rejected", args=[job.pk, "csv"])).status_code == status
    client.post(page, {"do": "run"})
    job.refresh_from_db()
    assert job.state == "uploaded"
    assert sign_in(client, world.dana).get(reverse("import")).status_code == 404


@pytest.mark.parametrize("who", ["admin", "maria", "alice", "carol"])
def test_an_export_says_what_the_list_says(world, client, who):
    """Each cell that the list masks is empty in the file, and each row that it lacks is missing."""
    user = getattr(world, who)
    make_lead("assigned", world.northwind, topic="On offer", company_name="Secret Ltd", email="s@x.example")
    response = sign_in(client, user).get("/api/v1/leads/export/")
    rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))
    listed = list_page(user, registry.get("leads"), {}, limit=200).rows
    assert [row["id"] for row in rows] == [str(row["id"]) for row in listed]
    for row, shown in zip(rows, listed, strict=True):
        assert set(row) - {"amount_currency", "id"} == set(shown) - {"id", "version"}
        for name in ("topic", "company_name", "email", "state"):
            assert row[name] == (shown[name] or "")
    if who == "alice":
        assert "Secret" not in str(rows)
        assert "On offer" in str(rows)


def test_a_field_that_a_grant_hides_is_in_no_export(world, client):
    scopes = Scope.objects.filter(grant__module="leads", grant__portal__key="channel_manager")
    scopes.update(fields={"*": "write", "email": "hidden"})
    from prm.access.policy import touch

    touch(world.maria.portal)
    world.maria.refresh_from_db()
    sign_in(client, world.maria)
    text = b"".join(client.get("/api/v1/leads/export/").streaming_content).decode()
    assert "email" not in text.splitlines()[0]
    response = client.post("/leads/export/?cols=topic,email", {"kind": "csv", "columns": "shown"})
    assert b"".join(response.streaming_content).decode("utf-8-sig").splitlines()[0] == "Topic"
    assert client.get("/api/v1/leads/export/?email=a@x.example").status_code == 400


def test_filters_order_and_search_are_those_of_the_list(world, client):
    for number in range(3):
        make_lead("new", None, topic=f"Needle {number}")
    sign_in(client, world.maria)
    response = client.get("/api/v1/leads/export/?search=needle&ordering=created_at")
    rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))
    assert [row["topic"] for row in rows] == ["Needle 0", "Needle 1", "Needle 2"]
    assert client.get("/api/v1/leads/export/?ordering=email").status_code == 400
    assert sign_in(client, world.erin).get("/api/v1/leads/export/").status_code == 404


def test_a_large_export_is_made_in_the_background_for_its_owner(world, client, monkeypatch):
    monkeypatch.setattr(exporting, "AT_ONCE", 1)
    monkeypatch.setattr(exporting, "BATCH", 2)
    response = sign_in(client, world.maria).post("/leads/export/", {"kind": "xlsx", "columns": "all"})
    made = Export.objects.get()
    assert response.url == reverse("export-one", args=[made.pk])
    listed = reverse("module-list", args=["exports"])
    for page in (client.get("/leads/export/"), client.get(response.url)):
        assert f'href="{listed}"' in page.content.decode()
    assert f'href="{response.url}"' in client.get(listed).content.decode()
    assert client.get(reverse("export-file", args=[made.pk])).status_code == 404
    exporting.make(str(made.pk))
    made.refresh_from_db()
    assert (made.state, made.rows) == ("ready", Lead.objects.count())
    assert f"/exports/{made.pk}/" in str(client.get("/alerts/").content)
    file = b"".join(client.get(reverse("export-file", args=[made.pk])).streaming_content)
    assert (
        len(CalamineWorkbook.from_filelike(io.BytesIO(file)).get_sheet_by_index(0).to_python())
        == made.rows + 1
    )
    for other in (world.admin, world.alice):
        assert sign_in(client, other).get(reverse("export-file", args=[made.pk])).status_code == 404
    perform(made, "expire", actor=Actor.timer())
    assert sign_in(client, world.maria).get(reverse("export-file", args=[made.pk])).status_code == 404


def test_the_job_of_an_export_has_the_rights_of_its_moment(world):
    made = exporting.ask(Actor.of(world.maria), registry.get("leads"), {}, ["topic"], "csv")
    type(world.maria).objects.filter(pk=world.maria.pk).update(portal=None)
    exporting.make(str(made.pk))
    made.refresh_from_db()
    assert (made.state, made.content) == ("failed", None)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_that_is_imported_again_is_the_same_data(world, client, kind):
    make_lead("new", None, topic="=1+1", company_name="Ärger & Söhne", email="a@x.example", reference="R9")
    sign_in(client, world.maria)
    response = client.post("/leads/export/", {"kind": kind, "columns": "all"})
    file = io.BytesIO(response.content if kind == "xlsx" else b"".join(response.streaming_content))
    file.name = f"leads.{kind}"
    before = list(Lead.objects.order_by("pk").values())
    response = client.post(reverse("import"), {"module": "leads", "file": file})
    job = Import.objects.get(pk=response.url.rstrip("/").split("/")[-1])
    assert job.mapping["key"] == "id"
    client.post(reverse("import-one", args=[job.pk]), mapped(job))
    job.refresh_from_db()
    assert job.report["counts"] == {"same": len(before)}, job.report
    client.post(reverse("import-one", args=[job.pk]), {"do": "run"})
    jobs.carry_out(str(job.pk))
    assert list(Lead.objects.order_by("pk").values()) == before


def test_queries_of_an_import_page_do_not_grow_with_its_rows(world, client, django_assert_max_num_queries):
    job = upload(sign_in(client, world.maria), "leads", "Topic\n" + "T\n" * 300)
    with django_assert_max_num_queries(40):
        client.get(reverse("import-one", args=[job.pk]))


def test_the_list_of_imports_leads_to_the_page_that_begins_one(client, world):
    page = sign_in(client, world.maria).get("/imports/").content.decode().partition("<main")[2]
    assert page.count(f'href="{reverse("import")}"') == 2
    assert "shared with you" not in page
