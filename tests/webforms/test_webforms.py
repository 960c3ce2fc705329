"""Public forms: what visitors may set, robots, where a form may stand, and the confirmation."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from prm.alerts.models import Alert, Delivery
from prm.leads.models import Lead
from prm.people.models import Contact, User
from prm.webforms import submitting
from prm.webforms.building import build, rebuild
from prm.webforms.fields import choosable, is_origin, open_modules
from prm.webforms.models import Submission, WebForm
from workflows.actor import Actor
from workflows.errors import InvalidInput
from workflows.models import TransitionRecord

pytestmark = pytest.mark.django_db

SITE = "https://www.vendor.example"
ANSWERS = {"topic": "Twelve routers", "company_name": "Litware", "email": "lee@litware.example"}


@pytest.fixture(autouse=True)
def no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submitting, "FASTEST", 0)


def make_form(owner: Any, **data: Any) -> WebForm:
    given = {
        "title": "Contact us",
        "slug": "contact",
        "module": "leads",
        "field_names": "topic\ncompany_name\nemail",
        "fixed_values": "region = EMEA",
        "origins": SITE,
        "active": True,
        **data,
    }
    return build(Actor.of(User.objects.get(pk=owner.pk)), given)


def token_of(client: Client, path: str = "/f/contact/") -> str:
    page = client.get(path).content.decode()
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found, page
    return found[1]


def send(client: Client, path: str = "/f/contact/", **data: Any) -> Any:
    given = {**ANSWERS, "token": token_of(client, path), **data}
    return client.post(path, {name: value for name, value in given.items() if value is not None})


@pytest.mark.parametrize(
    ("owner", "told"), [("admin", {"maria"}), ("maria", {"maria"}), ("nils", {"maria", "nils"})]
)
def test_a_lead_that_comes_in_is_told_to_whose_territory_fits(world: Any, owner: str, told: set[str]) -> None:
    """And to whose form it was, with whose rights it acts: it was a stranger who has filled it in."""
    make_form(world.admin)
    WebForm.objects.update(owner=getattr(world, owner))
    assert send(Client()).status_code in (200, 302)
    lead = Lead.objects.get(topic=ANSWERS["topic"])
    found = list(Alert.objects.filter(kind="lead.created", object_id=lead.pk))
    assert {one.recipient for one in found} == {getattr(world, name) for name in told}
    assert Delivery.objects.count() == len(found) == len(told)


def test_a_visitor_makes_a_record_with_the_fixed_values(world: Any, client: Client) -> None:
    make_form(world.admin, thanks="We call you.")
    answer = send(client)
    assert answer.status_code == 200 and "We call you." in answer.content.decode()
    lead = Lead.objects.get(company_name="Litware")
    assert (lead.region, lead.topic, lead.partner, lead.state) == ("EMEA", "Twelve routers", None, "new")
    line = TransitionRecord.objects.get(object_id=lead.pk)
    assert (line.actor_kind, line.actor_name) == ("rule", "Web form “Contact us”")


def test_nothing_of_the_body_sets_what_the_form_does_not_ask(world: Any, client: Client) -> None:
    make_form(world.admin)
    more = {
        "region": "AMER",
        "partner": str(world.contoso.pk),
        "owner": str(world.nils.pk),
        "state": "accepted",
    }
    assert send(client, **more).status_code == 200
    lead = Lead.objects.get(company_name="Litware")
    assert (lead.region, lead.partner, lead.owner, lead.state) == ("EMEA", None, None, "new")
    page = {"token": client.get("/f/contact/send/").json()["token"], "data": {**ANSWERS, **more}}
    answer = client.post("/f/contact/send/", json.dumps(page), content_type="application/json")
    assert answer.status_code == 422 and set(answer.json()["errors"]) == set(more)
    assert Lead.objects.filter(company_name="Litware").count() == 1


def test_visitors_are_not_told_what_helps_our_own_people(world: Any, client: Client) -> None:
    make_form(world.admin)
    assert "partner reads it" not in client.get("/f/contact/").content.decode()
    assert "partner reads it" not in client.get("/f/contact/send/").content.decode()


def test_what_gives_rights_cannot_be_asked_for(world: Any) -> None:
    admin = User.objects.get(pk=world.admin.pk)
    keys = {module.key for module in open_modules(admin)}
    assert {"leads", "contacts", "accounts"} <= keys
    assert not keys & {
        "users",
        "portals",
        "invitations",
        "web-forms",
        "tax-rates",
        "price-books",
        "documents",
    }
    for module in open_modules(admin):
        names = choosable(admin, module)
        assert not set(names) & {"is_admin", "portal", "owner", "partner", "assignee", "state"}
        assert all(one.kind != "reference" for one in names.values())
    for wrong in (
        {"module": "users", "field_names": "email name"},
        {"module": "contacts", "field_names": "name is_admin"},
        {"module": "contacts", "field_names": "name", "fixed_values": "is_admin = true"},
        {"field_names": "topic partner"},
        {"field_names": "company_name"},
        {"field_names": "topic", "fixed_values": "state = accepted"},
        {"field_names": "topic", "fixed_values": f"product = {world.northwind.pk}"},
        {"field_names": "topic", "fixed_values": "region"},
        {"field_names": "topic", "confirm": True},
        {"origins": "https://a.example/path"},
        {"origins": "javascript:alert(1)"},
        {"origins": "https://*.example; script-src *"},
    ):
        with pytest.raises(InvalidInput):
            make_form(world.admin, **wrong)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("https://www.example.com", True),
        ("https://example.com:8443", True),
        ("http://localhost:3000", True),
        ("http://example.com", False),
        ("https://example.com/", False),
        ("https://user@example.com", False),
        ("https://exa mple.com", False),
        ("*", False),
        ("null", False),
    ],
)
def test_origins_are_what_browsers_send(text: str, good: bool) -> None:
    assert is_origin(text) is good


def test_the_form_can_do_no_more_than_its_owner(world: Any, client: Client) -> None:
    form = make_form(world.admin)
    assert client.get("/f/contact/").status_code == 200
    User.objects.filter(pk=world.admin.pk).update(is_active=False)
    assert client.get("/f/contact/").status_code == 404
    User.objects.filter(pk=world.admin.pk).update(is_active=True)
    WebForm.objects.filter(pk=form.pk).update(owner=world.erin)
    assert client.get("/f/contact/").status_code == 404
    rebuild(
        Actor.of(User.objects.get(pk=world.admin.pk)), form.pk, {"title": "Contact us", "slug": "contact"}
    )
    assert client.get("/f/contact/").status_code == 200


def test_robots_are_kept_out(world: Any, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make_form(world.admin)
    before = Lead.objects.count()
    told = send(client, **{submitting.HONEYPOT: "https://spam.example"})
    assert told.status_code == 200 and "Thank you" in told.content.decode()
    monkeypatch.setattr(submitting, "FASTEST", 60)
    assert send(client).status_code == 422
    monkeypatch.setattr(submitting, "FASTEST", 0)
    for token in (
        "",
        "x",
        token_of(client)[:-1] + "!",
        submitting.new_page(make_form(world.admin, slug="two")),
    ):
        assert send(client, token=token).status_code == 422
    assert Lead.objects.count() == before
    monkeypatch.setattr(submitting, "SENDINGS", 0)
    assert send(client).status_code == 429
    assert Lead.objects.count() == before


def test_an_old_page_is_sent_again(world: Any, client: Client, time_machine: Any) -> None:
    make_form(world.admin)
    token = token_of(client)
    time_machine.move_to(timezone.now() + timedelta(days=2))
    answer = client.post("/f/contact/", {**ANSWERS, "token": token})
    assert answer.status_code == 422 and "too old" in answer.content.decode()
    fresh = re.search(r'name="token" value="([^"]+)"', answer.content.decode())
    assert fresh and client.post("/f/contact/", {**ANSWERS, "token": fresh[1]}).status_code == 200


def test_two_clicks_make_one_record(world: Any, client: Client) -> None:
    make_form(world.admin)
    token = token_of(client)
    answers = [client.post("/f/contact/", {**ANSWERS, "token": token}) for _click in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert Lead.objects.filter(company_name="Litware").count() == 1


@pytest.mark.django_db(transaction=True)
def test_clicks_at_once_make_one_record(world: Any) -> None:
    make_form(world.admin)
    token = token_of(Client())

    def click(_number: int) -> int:
        try:
            return Client().post("/f/contact/", {**ANSWERS, "token": token}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(click, range(4))) == {200}
    assert Lead.objects.filter(company_name="Litware").count() == 1


def test_a_wrong_answer_is_said_at_its_field(world: Any, client: Client) -> None:
    make_form(world.admin)
    token = token_of(client)
    answer = client.post("/f/contact/", {**ANSWERS, "email": "nobody", "token": token})
    assert answer.status_code == 422 and 'href="#f-email"' in answer.content.decode()
    # The page is the same one still, and makes one record.
    assert client.post("/f/contact/", {**ANSWERS, "token": token}).status_code == 200


def test_what_waits_is_sealed_and_confirmed_once(
    world: Any, client: Client, mailoutbox: Any, django_capture_on_commit_callbacks: Any
) -> None:
    make_form(world.admin, confirm=True)
    with django_capture_on_commit_callbacks(execute=True):
        told = send(client).content.decode()
        silent = send(client, email="other@litware.example").content.decode()
    strip = re.compile(r'"X-CSRFToken": "[^"]*"|value="[^"]*"')
    assert "open the link in the mail" in told
    assert strip.sub("", told) == strip.sub("", silent)
    assert not Lead.objects.filter(company_name="Litware").exists()
    waiting = Submission.objects.order_by("created_at").first()
    assert waiting and "Litware" not in waiting.sealed and waiting.done_at is None
    secret = "s" * 43
    Submission.objects.filter(pk=waiting.pk).update(token_hash=submitting.token_hash(secret))
    path = f"/f/contact/confirm/{secret}/"
    # A mail program that opens the link sends nothing.
    assert client.get(path).status_code == 200
    assert not Lead.objects.filter(company_name="Litware").exists()
    assert client.post(path).status_code == 200
    assert Lead.objects.filter(company_name="Litware").count() == 1
    assert client.post(path).status_code == 404 and client.get(path).status_code == 404
    waiting.refresh_from_db()
    assert waiting.sealed == "" and waiting.done_at is not None
    assert Lead.objects.filter(company_name="Litware").count() == 1


def test_mails_to_one_mailbox_are_few_and_nobody_is_told(
    world: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(submitting, "post", lambda to, *parts, **more: sent.append(more["url"]))
    form = make_form(world.admin, confirm=True)
    answers = {send(client).status_code for _time in range(submitting.MAILS + 3)}
    assert (answers, len(sent)) == ({200}, submitting.MAILS)
    path = sent[0].partition("/f/")[2]
    assert client.post(f"/f/{path}").status_code == 200
    assert client.get(f"/f/{sent[1].partition('/f/')[2]}"[:-5] + "/").status_code == 404
    Submission.objects.filter(form=form).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get(f"/f/{sent[1].partition('/f/')[2]}").status_code == 404
    submitting.sweep(timezone.now())
    assert not Submission.objects.exists()


def test_a_form_whose_owner_may_not_set_the_address_any_more_is_not_sent(
    world: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_form(world.admin, confirm=True)
    known = submitting.asked
    monkeypatch.setattr(
        submitting, "asked", lambda form: {name: one for name, one in known(form).items() if name != "email"}
    )
    token = client.get("/f/contact/send/").json()["token"]
    body = json.dumps({"token": token, "data": {"topic": "Routers", "company_name": "Litware"}})
    answer = client.post("/f/contact/send/", body, content_type="application/json")
    assert (answer.status_code, Submission.objects.count()) == (503, 0)


def test_only_its_sites_may_frame_it(world: Any, client: Client) -> None:
    form = make_form(world.admin, origins=f"{SITE}\nhttps://shop.vendor.example")
    framed = client.get("/f/contact/embed/")
    policy = framed["Content-Security-Policy"]
    assert f"frame-ancestors {SITE} https://shop.vendor.example;" in policy + ";"
    assert "X-Frame-Options" not in framed
    plain = client.get("/f/contact/")
    assert "frame-ancestors 'none'" in plain["Content-Security-Policy"]
    assert plain["X-Frame-Options"] == "DENY"
    assert send(client, "/f/contact/embed/").status_code == 200
    WebForm.objects.filter(pk=form.pk).update(origins="")
    assert "frame-ancestors 'none'" in client.get("/f/contact/embed/")["Content-Security-Policy"]


def test_only_scripts_of_its_sites_are_answered(world: Any) -> None:
    make_form(world.admin)
    client = Client(enforce_csrf_checks=True)
    path = "/f/contact/send/"
    ask = client.options(path, headers={"Origin": SITE, "Access-Control-Request-Method": "POST"})
    assert (ask.status_code, ask["Access-Control-Allow-Origin"]) == (204, SITE)
    assert "Access-Control-Allow-Credentials" not in ask
    page = client.get(path, headers={"Origin": SITE}).json()
    body = json.dumps({"token": page["token"], "data": ANSWERS})
    for origin in ("https://evil.example", "null", "https://www.vendor.example.evil.example"):
        for refused in (
            client.get(path, headers={"Origin": origin}),
            client.options(path, headers={"Origin": origin}),
            client.post(path, body, content_type="application/json", headers={"Origin": origin}),
        ):
            assert refused.status_code == 403
            assert "Access-Control-Allow-Origin" not in refused and "token" not in refused.content.decode()
    assert not Lead.objects.filter(company_name="Litware").exists()
    sent = client.post(path, body, content_type="application/json", headers={"Origin": SITE})
    assert (sent.status_code, sent["Access-Control-Allow-Origin"]) == (200, SITE)
    assert "Origin" in sent["Vary"]
    assert Lead.objects.filter(company_name="Litware").count() == 1
    bodies = (
        "[]",
        "{",
        '{"data": [], "token": "x"}',
        '"x"',
        "[" * 5000,
        b"\xff\xfe{\x00}\x00",
        '{"data": {"topic": "\\ud800"}}',
    )
    for wrong in bodies:
        assert client.post(path, wrong, content_type="application/json").status_code == 400
    body = json.dumps({"token": client.get(path).json()["token"], "data": {"topic": "a\0b"}})
    assert client.post(path, body, content_type="application/json").status_code == 422
    assert client.post(path, body, content_type="text/plain").status_code == 415
    # Without the token of a page, no site can make a visitor's browser send anything.
    assert client.post("/f/contact/", ANSWERS).status_code == 422


def test_inactive_and_unknown_forms_look_alike(world: Any, client: Client) -> None:
    make_form(world.admin, active=False)
    answers = [client.get(f"/f/{slug}/") for slug in ("contact", "nothing")]
    assert [answer.status_code for answer in answers] == [404, 404]


def test_a_form_with_a_fixed_person_and_another_module(world: Any, client: Client) -> None:
    fixed = f"company = {world.fabrikam.pk}"
    make_form(world.admin, module="contacts", slug="people", field_names="name email", fixed_values=fixed)
    token = token_of(client, "/f/people/")
    given = {
        "name": "Pat Poe",
        "email": "pat@fabrikam.example",
        "company": str(world.tailspin.pk),
        "token": token,
    }
    assert client.post("/f/people/", given).status_code == 200
    contact = Contact.objects.get(name="Pat Poe")
    assert (contact.company_id, contact.is_admin) == (world.fabrikam.pk, False)
