"""What a portal says of columns, layouts, associated records and verbs is what its pages show."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from prm.access.models import Scope
from prm.access.policy import touch
from prm.leads.models import Lead
from prm.modules.versions import opaque_version
from prm.records.models import Activity, File, Note
from tests.factories import make_account, make_lead, make_opportunity
from tests.frontend.test_canvas import grant
from tests.frontend.test_files import added

pytestmark = pytest.mark.once

NEED = {"name": "All", "where": None, "sections": [{"title": "What they need", "fields": ["need", "size"]}]}
BIG = {
    "name": "Big",
    "where": {"field": "size", "op": "is", "value": "big"},
    "sections": [{"title": "A big one", "fields": ["region"]}],
}


def take(verb: str, portal: str = "partner", module: str = "leads") -> None:
    """Takes a verb out of all scopes of a grant."""
    for scope in Scope.objects.filter(grant__portal__key=portal, grant__module=module).select_related(
        "grant__portal"
    ):
        scope.actions = [one for one in scope.actions if one != verb]
        scope.save()
        touch(scope.grant.portal)


def headings(page: Any) -> list[str]:
    return [one["text"].strip() for one in page.all("th", scope="col")]


def facts(page: Any) -> set[str]:
    return {one["text"] for one in page.all("dt")}


def test_a_list_has_the_columns_of_the_portal(world, as_user, parse):
    grant("partner", "leads", columns=["region", "need"])
    client = as_user(world.alice)
    assert headings(parse(client.get("/leads/"))) == ["Topic", "Region", "Need"]
    # What the reader asks for, and may read, still counts.
    assert headings(parse(client.get("/leads/?cols=size"))) == ["Topic", "Size"]
    assert client.get("/leads/export/").context["heads"] == ["Topic", "Region", "Need"]


def test_a_column_that_is_hidden_is_none(world, as_user, parse):
    grant("partner", "leads", columns=["region", "internal_note", "nothing"])
    scope = Scope.objects.filter(grant__portal__key="partner", grant__module="leads")
    for one in scope:
        one.fields = {**one.fields, "region": "hidden"}
        one.save()
        touch(one.grant.portal)
    assert headings(parse(as_user(world.alice).get("/leads/"))) == ["Topic"]


def test_a_record_is_laid_out_as_the_portal_says(world, as_user, parse):
    lead = make_lead("accepted", world.northwind, need="Ten desks", size="50", region="EMEA")
    grant("partner", "leads", layouts=[NEED])
    shown = facts(parse(as_user(world.alice).get(f"/leads/{lead.pk}/")))
    assert {"Need", "Size"} <= shown
    assert "Region" not in shown
    assert "Region" in facts(parse(as_user(world.maria).get(f"/leads/{lead.pk}/")))


def test_the_first_layout_whose_condition_holds_counts(world, as_user, parse):
    where = {"field": "region", "op": "is", "value": "EMEA"}
    grant("partner", "leads", layouts=[{**BIG, "where": where}, NEED])
    here = make_lead("accepted", world.northwind, need="Ten desks", region="EMEA")
    there = make_lead("accepted", world.northwind, need="Ten desks", region="APAC")
    client = as_user(world.alice)
    assert "Need" not in facts(parse(client.get(f"/leads/{here.pk}/")))
    assert "Need" in facts(parse(client.get(f"/leads/{there.pk}/")))
    form = parse(client.get(f"/leads/{there.pk}/edit/"))
    assert form.all("textarea", name="need") or form.all("input", name="need")
    assert not form.all(name="region") and not form.all(name="phone")
    assert not parse(client.get(f"/leads/{here.pk}/edit/")).all(name="need")


def test_what_is_not_on_the_layout_is_not_changed_by_its_form(world, as_user):
    lead = make_lead("accepted", world.northwind, need="Ten desks", phone="+4930123456")
    grant("partner", "leads", layouts=[NEED])
    response = as_user(world.alice).post(
        f"/leads/{lead.pk}/edit/",
        {"version": opaque_version(lead), "need": "Twelve desks", "size": lead.size},
    )
    assert response.status_code == 302
    lead.refresh_from_db()
    assert (lead.need, str(lead.phone)) == ("Twelve desks", "+4930123456")


def test_a_new_record_asks_for_what_it_cannot_be_without(world, as_user, parse):
    grant("partner", "leads", layouts=[NEED])
    page = parse(as_user(world.alice).get("/leads/new/"))
    names = {
        one["name"]
        for one in page.elements
        if one["tag"] in ("input", "select", "textarea") and one.get("name")
    }
    assert {"need", "size", "topic"} <= names
    assert "phone" not in names


def test_associated_records_are_those_of_the_portal_in_its_order(world, as_user, parse):
    make_opportunity("managed", world.northwind, account=world.fabrikam)
    client, url = as_user(world.alice), f"/accounts/{world.fabrikam.pk}/"

    def lists() -> list[str]:
        return [one["module"].key for one in client.get(url).context["related"]]

    usual = lists()
    assert len(usual) > 1
    grant("partner", "accounts", related=usual[::-1])
    assert lists() == usual[::-1]
    grant("partner", "accounts", related=["opportunities", "portals"])
    assert lists() == ["opportunities"]
    grant("partner", "accounts", related=[])
    assert lists() == []


def test_without_comment_there_is_no_box_to_write_in(world, as_user, parse):
    client, url = as_user(world.alice), f"/leads/{world.northwind_lead.pk}/"
    assert parse(client.get(url)).all("form", action=f"{url}notes/")
    take("comment")
    page = parse(client.get(url))
    assert not page.all("form", action=f"{url}notes/") and not page.all("form", action=f"{url}activities/")
    assert "write nothing on it" in page.one("section", id="timeline")["text"]
    refused = client.post(f"{url}notes/", {"body": "All the same"})
    assert refused.status_code == 403
    assert "write nothing on it" in refused.content.decode()
    assert client.post(f"{url}activities/", {"kind": "task", "title": "x"}).status_code == 403
    assert not Note.objects.exists() and not Activity.objects.exists()


def test_without_attach_files_are_read_and_nothing_else(world, as_user, parse):
    client, url = as_user(world.alice), f"/leads/{world.northwind_lead.pk}/"
    client.post(f"{url}files/", {"file": SimpleUploadedFile("a.txt", b"Words in a file")})
    file = File.objects.get()
    assert parse(client.get(url)).all("a", href=f"{url}files/{file.pk}/remove/")
    take("attach")
    page = parse(client.get(url))
    assert not page.all("form", action=f"{url}files/")
    assert not page.all("a", href=f"{url}files/{file.pk}/remove/")
    assert "add no files" in page.one("section", id="files")["text"]
    client.post(f"{url}files/", {"file": SimpleUploadedFile("b.txt", b"More words")})
    assert client.post(f"{url}files/{file.pk}/remove/").status_code == 403
    assert [one.name for one in File.objects.filter(removed_at=None)] == ["a.txt"]
    assert client.get(f"{url}files/{file.pk}/content/").status_code == 200


def test_an_empty_card_is_shown_to_whom_may_fill_it(world, as_user, parse):
    cards = {"tasks", "files", "timeline"}

    def shown(user: Any, record: Any, key: str) -> set[str]:
        page = parse(as_user(user).get(f"/{key}/{record.pk}/"))
        return {one["id"] for one in page.all("section") if one.get("id") in cards}

    product, lead = world.product, world.northwind_lead
    for verb in ("comment", "attach"):
        take(verb, "customer", "products")
        take(verb)
    assert shown(world.admin, product, "products") == cards
    assert shown(world.dana, product, "products") == set()
    assert shown(world.alice, lead, "leads") == {"timeline"}
    added(world.maria, lead)
    assert shown(world.alice, lead, "leads") == {"files", "timeline"}


def test_an_empty_list_beside_a_record_is_shown_to_whom_may_add_to_it(world, as_user, parse):
    account = make_account(world.northwind, name="Tailored Ltd")
    make_opportunity("managed", world.northwind, account=account)
    url = f"/accounts/{account.pk}/"

    def lists() -> list[str]:
        return [one["module"].key for one in as_user(world.alice).get(url).context["related"]]

    grant("partner", "accounts", related=["opportunities", "contacts"])
    take("create", module="opportunities")
    assert lists() == ["opportunities", "contacts"]
    take("create", module="contacts")
    assert lists() == ["opportunities"]


def test_without_export_there_is_neither_button_nor_page(world, as_user, parse):
    client = as_user(world.alice)
    assert parse(client.get("/leads/")).all("a", href="/leads/export/?")
    take("export")
    assert not [
        one for one in parse(client.get("/leads/")).all("a") if "/leads/export/" in one.get("href", "")
    ]
    assert client.get("/leads/export/").status_code == 404
    assert client.post("/leads/export/", {"kind": "csv"}).status_code == 404
    assert "Export leads" not in client.get("/search/?q=export").content.decode()


@pytest.mark.parametrize(
    "url", ["/leads/", "/leads/{pk}/", "/leads/{pk}/edit/", "/leads/board/", "/leads/canvas/"]
)
def test_a_presentation_costs_no_query(world, as_user, url):
    lead = make_lead("accepted", world.northwind, need="Ten desks", region="EMEA")
    client, url = as_user(world.alice), url.format(pk=lead.pk)
    everything = ["list", "board", "canvas"]

    def cost() -> int:
        client.get(url)
        with CaptureQueriesContext(connection) as caught:
            assert client.get(url).status_code == 200
        return len(caught)

    grant("partner", "leads", views=everything)
    plain = cost()
    grant(
        "partner",
        "leads",
        columns=["region", "need", "size", "state"],
        canvas={"title": "topic", "lines": ["need"], "badge": "state", "corner": "size"},
        layouts=[{**BIG, "where": {"field": "region", "op": "is", "value": "nowhere"}}, NEED],
        related=[],
    )
    assert cost() <= plain
    assert Lead.objects.filter(partner=world.northwind).count() > 1
