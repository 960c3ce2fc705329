"""Distributing leads and opportunities."""

from __future__ import annotations

from tests.cast import World
from tests.factories import make_lead, make_opportunity
from tests.frontend_jobs.conftest import SignIn
from workflows.actor import Actor
from workflows.perform import perform


def _pick(record) -> str:
    module = "leads" if record._meta.model_name == "lead" else "opportunities"
    return f"{module}:{record.pk}"


def test_lists_what_nobody_has(world: World, sign_in: SignIn) -> None:
    make_lead("new", topic="Fresh lead")
    make_lead("assigned", world.northwind, topic="Taken lead")
    make_opportunity("draft", topic="Fresh opportunity")
    page = sign_in(world.maria).get("/distribute/").content.decode()
    assert "Fresh lead" in page
    assert "Fresh opportunity" in page
    assert "Taken lead" not in page


def test_ranks_partners_with_reasons(world: World, sign_in: SignIn) -> None:
    lead = make_lead("new", region="EMEA")
    page = sign_in(world.maria).get("/distribute/", {"pick": _pick(lead)}).content.decode()
    assert page.index("Northwind Systems") < page.index("Contoso Partners")
    assert "Serves EMEA" in page


def test_one_is_offered(world: World, sign_in: SignIn) -> None:
    lead = make_lead("new")
    data = {
        "pick": _pick(lead),
        "partner": str(world.northwind.pk),
        f"reason-{world.northwind.pk}": "You know the customer's field",
    }
    assert sign_in(world.maria).post("/distribute/", data)["Location"] == "/distribute/"
    lead.refresh_from_db()
    assert (lead.state, lead.partner_id) == ("assigned", world.northwind.pk)
    assert lead.assignments.get().reason == "You know the customer's field"


def test_many_of_both_kinds(world: World, sign_in: SignIn) -> None:
    records = [make_lead("new"), make_lead("new"), make_opportunity("draft")]
    data = {"pick": [_pick(record) for record in records], "partner": str(world.contoso.pk)}
    assert sign_in(world.maria).post("/distribute/", data).status_code == 302
    for record in records:
        record.refresh_from_db()
    assert [record.state for record in records] == ["assigned", "assigned", "distributed"]


def test_each_gets_an_answer(world: World, sign_in: SignIn) -> None:
    declined, fine = make_lead("new", topic="Declined before"), make_lead("new", topic="Fine")
    perform(declined, "assign", actor=Actor.of(world.maria), inputs={"partner": str(world.northwind.pk)})
    perform(declined, "decline", actor=Actor.of(world.alice), inputs={"reason": "capacity"})
    data = {"pick": [_pick(declined), _pick(fine)], "partner": str(world.northwind.pk)}
    page = sign_in(world.maria).post("/distribute/", data)
    assert page.status_code == 200
    text = page.content.decode()
    assert "not offered" in text
    assert "declined this on" in text
    fine.refresh_from_db()
    assert fine.state == "assigned"


def test_decliner_cannot_be_chosen(world: World, sign_in: SignIn) -> None:
    lead = make_lead("new")
    perform(lead, "assign", actor=Actor.of(world.maria), inputs={"partner": str(world.northwind.pk)})
    perform(lead, "decline", actor=Actor.of(world.alice), inputs={"reason": "capacity"})
    page = sign_in(world.maria).get("/distribute/", {"pick": _pick(lead)}).content.decode()
    assert "Declined this before" in page
    assert f'value="{world.northwind.pk}"' not in page


def test_nothing_chosen_is_said(world: World, sign_in: SignIn) -> None:
    page = sign_in(world.maria).get("/distribute/", {"find": "1"}).content.decode()
    assert "Choose at least one record" in page


def test_partner_may_not(world: World, sign_in: SignIn) -> None:
    lead = make_lead("new")
    data = {"pick": _pick(lead), "partner": str(world.northwind.pk)}
    assert sign_in(world.alice).post("/distribute/", data).status_code == 404
    lead.refresh_from_db()
    assert lead.state == "new"


def test_open_offers_are_a_caution(world: World, sign_in: SignIn) -> None:
    lead = make_lead("new", region="EMEA")
    make_lead("assigned", world.contoso)
    page = sign_in(world.maria).get("/distribute/", {"pick": _pick(lead)}).content.decode()
    line = next(part for part in page.split("<li") if "1 open offer" in part)
    assert "job-warn" in line
    assert 'value="You serve EMEA and are a Gold partner."' in page
