"""A person's data: all of it found, given out, and erased, with what happened left as it was."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.test import Client
from django.utils import timezone

from prm.access.models import Portal
from prm.calendar import actions as calendar
from prm.files import store
from prm.modules import registry
from prm.modules.actions import change
from prm.people import actions as people
from prm.people.fields import PhoneTextField
from prm.people.models import Contact, User
from prm.privacy import disclose
from prm.privacy.erase import erase, preview, refusals
from prm.privacy.map import ERASED, holding, holdings
from prm.privacy.models import Disclosure, Erasure
from prm.privacy.person import of_contact, of_email, of_user
from prm.records import actions as records
from prm.records.models import File, Note
from prm.search.models import SearchEntry
from tests.factories import make_contact, make_lead, make_quote, make_registration
from workflows import jobs
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput, NotFound, Refused
from workflows.models import IdempotencyKey, TransitionRecord
from workflows.perform import perform

NAME, EMAIL, PHONE = "Zebedee Quillfeather", "zebedee@quillfeather.example", "+4930901820777"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


@pytest.fixture
def zebedee(world: Any) -> User:
    """A user of Northwind who has left traces everywhere."""
    contact = make_contact(world.northwind, name=NAME, email=EMAIL, phone=PHONE)
    user = User.objects.create_user(
        EMAIL, world.password, name=NAME, portal=Portal.objects.get(key="partner"), contact=contact
    )
    apps.get_model("account", "EmailAddress").objects.create(
        user=user, email=EMAIL, verified=True, primary=True
    )
    return leave_traces(world, user)


def leave_traces(world: Any, user: User) -> User:
    actor = Actor.of(user)
    deals, leads = registry.get("opportunities"), registry.get("leads")
    opportunity = world.northwind_opportunity
    records.add_note(actor, deals, opportunity, body=f"Call me, {NAME}, at {PHONE} or {EMAIL.upper()}.")
    records.add_note(
        Actor.of(world.maria), deals, opportunity, body="zebedee  quillfeather said yes (+49 30 901820777)"
    )
    records.add_note(
        Actor.of(world.maria), registry.get("contacts"), user.contact, body="Likes tea", internal=True
    )
    calendar.plan(
        actor,
        deals,
        opportunity,
        kind="call",
        title=f"{NAME} calls",
        due_at=timezone.now() + timedelta(days=1),
        remind=5,
    )
    calendar.open_feed(user)
    lead = make_lead(state="assigned", partner=world.northwind, contact_name=NAME, email=EMAIL, phone=PHONE)
    perform(lead, "decline", actor=actor, inputs={"reason": "capacity"})
    make_lead(contact_name=NAME, email="", phone=PHONE)
    make_registration(contact_name=NAME, contact_email=EMAIL, contact_phone=PHONE)
    make_quote(opportunity=opportunity, contact=user.contact)
    people.update_profile(user, name=NAME, language="", timezone="UTC")
    client = signed_in(user)
    client.get("/")
    client.post(
        f"/api/v1/opportunities/{opportunity.pk}/notes/",
        {"body": f"I am {NAME}"},
        content_type="application/json",
        headers={"Idempotency-Key": "abc"},
    )
    client.post(
        "/api/v1/auth/token/", {"email": EMAIL, "password": world.password}, content_type="application/json"
    )
    Client().post("/account/login/", {"login": EMAIL, "password": "wrong-password"})
    Client().post("/account/password/reset/", {"email": EMAIL})
    perform(make_lead(state="assigned", partner=world.northwind), "accept", actor=actor)
    people.invite(Actor.of(world.alice), email="new@northwind.example", name="Friend of Zebedee Quillfeather")
    assert leads.search
    return user


def everything() -> str:
    """All that the database holds, as one text: every column of every table."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            for row in cursor.fetchall():
                found += [
                    bytes(one).decode(errors="replace") if isinstance(one, bytes | memoryview) else str(one)
                    for one in row
                    if one is not None
                ]
    return "\n".join(found).casefold()


TRACES = ("quillfeather", "zebedee", "901820777", "90182-0777", "901820 777", "9018 20777")


def test_after_an_erasure_nothing_says_who_it_was(world: Any, zebedee: User) -> None:
    before = everything()
    assert before.count("quillfeather") > 10
    steps = TransitionRecord.objects.count()
    report = erase(Actor.of(world.admin), of_user(zebedee), confirmed=NAME)
    after = everything()
    for trace in TRACES:
        assert trace not in after, after[max(0, after.find(trace) - 300) : after.find(trace) + 200]
    assert report.total > 10
    # What happened is still known, in the same order and states.
    assert TransitionRecord.objects.count() == steps
    mine = TransitionRecord.objects.filter(actor_id=zebedee.pk)
    assert set(mine.values_list("actor_name", flat=True)) == {ERASED}
    assert mine.filter(transition="decline").exists()
    zebedee.refresh_from_db()
    assert (zebedee.name, zebedee.is_active, zebedee.has_usable_password()) == (ERASED, False, False)
    contact = Contact.objects.get(pk=zebedee.contact_id)
    assert (contact.name, contact.email, contact.phone) == (ERASED, "", "")
    assert Erasure.objects.get().by == world.admin


def test_their_texts_stay_without_what_they_are_called(world: Any, zebedee: User) -> None:
    erase(Actor.of(world.admin), of_user(zebedee))
    notes = list(Note.objects.order_by("id").values_list("body", flat=True))
    assert "Call me, [erased], at [erased] or [erased]." in notes
    assert "[erased] said yes ([erased])" in notes
    # Written about them, on their own record.
    assert "Likes tea" not in notes
    assert Note.objects.filter(author=zebedee).exists()


def test_others_keep_what_is_theirs(world: Any, zebedee: User) -> None:
    twin = make_contact(world.contoso, name=NAME, email="other@contoso.example", phone="+4930555000111")
    shared = make_contact(world.northwind, name="Colleague", email="x@northwind.example", phone=PHONE)
    names = dict(User.objects.exclude(pk=zebedee.pk).values_list("pk", "name"))
    erase(Actor.of(world.admin), of_user(zebedee))
    twin.refresh_from_db()
    shared.refresh_from_db()
    assert (twin.name, twin.email) == (NAME, "other@contoso.example")
    assert shared.phone == PHONE
    assert dict(User.objects.exclude(pk=zebedee.pk).values_list("pk", "name")) == names
    world.alice.refresh_from_db()
    assert world.alice.is_active


def test_nobody_has_given_out_what_their_card_only_claims(world: Any) -> None:
    victim = make_lead(contact_name="Vera Vogt", email="vera@tailspin.example", phone=PHONE)
    elsewhere = make_contact(world.tailspin, name="Vera Vogt", email="vera@tailspin.example")
    card = {"name": "Vera Vogt", "email": "vera@tailspin.example", "phone": PHONE}
    change(Actor.of(world.alice), registry.get("contacts"), world.alice.contact_id, card)
    elsewhere.delete()
    made = disclose.ask(Actor.of(world.alice), user=world.alice)
    jobs.run_pending()
    with zipfile.ZipFile(store.open_file(disclose.fetch(world.alice, made.pk))) as archive:
        told = archive.read("data.json").decode()
    assert str(world.alice.contact_id) in told
    assert str(victim.pk) not in told


def test_the_file_of_another_person_ends_with_the_right_to_it(world: Any, zebedee: User) -> None:
    made = disclose.ask(Actor.of(world.admin), user=zebedee)
    jobs.run_pending()
    assert disclose.fetch(world.admin, made.pk)
    world.admin.portal = world.maria.portal
    world.admin.save(update_fields=["portal"])
    with pytest.raises(NotFound):
        disclose.fetch(User.objects.get(pk=world.admin.pk), made.pk)


def test_a_shared_mailbox_belongs_to_nobody(world: Any) -> None:
    one = make_contact(world.northwind, name="Una Person", email="info@northwind.example")
    make_contact(world.northwind, name="Duo Person", email="info@northwind.example")
    assert of_contact(one).emails == set()
    with pytest.raises(InvalidInput):
        of_email("info@northwind.example")
    with pytest.raises(NotFound):
        of_email("nobody@nowhere.example")


def test_the_search_forgets_them(world: Any, zebedee: User) -> None:
    entry = SearchEntry.objects.get(module="contacts", object_id=zebedee.contact_id)
    assert "quillfeather" in entry.words
    erase(Actor.of(world.admin), of_user(zebedee))
    entry.refresh_from_db()
    assert "quillfeather" not in entry.words


def test_their_login_ends_at_once(world: Any, zebedee: User) -> None:
    client = signed_in(zebedee)
    assert client.get("/").status_code == 200
    erase(Actor.of(world.admin), of_user(zebedee))
    assert client.get("/").status_code == 302


def test_the_preview_says_it_and_changes_nothing(world: Any, zebedee: User) -> None:
    before = everything()
    report = preview(of_user(zebedee))
    assert everything() == before
    done = erase(Actor.of(world.admin), of_user(zebedee))
    assert {label: count for label, count in report.emptied.items() if count} == {
        label: count for label, count in done.emptied.items() if count
    }


def test_what_must_come_first_is_said(world: Any) -> None:
    for user, code in (
        (world.alice, "last_admin"),
        (world.admin, "oneself"),
        (world.maria, "channel_manager"),
    ):
        assert code in {one.code for one in refusals(of_user(user), Actor.of(world.admin))}
        before = everything()
        with pytest.raises(Refused):
            erase(Actor.of(world.admin), of_user(user))
        assert everything() == before
    assert "last_administrator" in {one.code for one in refusals(of_user(world.admin), Actor.system())}
    people.set_admin(Actor.of(world.admin), world.bob, True)
    erase(Actor.of(world.admin), of_user(world.alice))


def test_only_administrators_and_only_with_the_name(world: Any, zebedee: User) -> None:
    for user in (world.maria, world.alice, zebedee):
        with pytest.raises(Denied):
            erase(Actor.of(user), of_user(zebedee))
    with pytest.raises(InvalidInput):
        erase(Actor.of(world.admin), of_user(zebedee), confirmed="Somebody")
    erase(Actor.of(world.admin), of_user(zebedee), confirmed=f"  {NAME.lower()} ")
    zebedee.refresh_from_db()
    with pytest.raises(Refused):
        erase(Actor.of(world.admin), of_user(zebedee))


def test_who_never_had_a_login_is_erased_too(world: Any) -> None:
    lead = make_lead(contact_name=NAME, email=EMAIL, phone=PHONE)
    erase(Actor.of(world.admin), of_email(EMAIL))
    lead.refresh_from_db()
    assert (lead.contact_name, lead.email, lead.phone) == (ERASED, "", "")
    for trace in TRACES:
        assert trace not in everything()


# --- the map


def suspects(model: type[models.Model]) -> set[str]:
    """Columns that, by what they are, may hold who somebody is."""
    found = set()
    for column in model._meta.local_concrete_fields:
        target = column.remote_field.model if column.remote_field else None
        named = isinstance(column, models.CharField) and (
            column.name in ("name", "email", "phone", "username")
            or column.name.endswith(("_name", "_email", "_phone"))
        )
        if named or isinstance(column, models.EmailField | PhoneTextField) or target in (User, Contact):
            found.add(column.name)
    return found


def test_whatever_may_hold_a_person_is_declared() -> None:
    missing = {
        f"{model._meta.label_lower}.{name}"
        for model in apps.get_models()
        if not model.__module__.startswith("tests.")
        for name in suspects(model) - holding(model._meta.label_lower).declared
    }
    assert not missing, f"say in prm/privacy/map.py what becomes of {sorted(missing)}"


def test_the_map_names_what_there_is() -> None:
    for model, one in holdings():
        known = {column.name for column in model._meta.get_fields()}
        known |= {column.attname for column in model._meta.concrete_fields} | {"pk"}
        given = {*one.declared, *(lookup.removesuffix("__in") for lookup, _whose in one.mine)}
        assert {name.removesuffix("__in") for name in given} <= known, model


def test_a_new_column_with_a_person_is_noticed() -> None:
    class Visitor(models.Model):
        visitor_email = models.EmailField()
        nickname = models.CharField(max_length=80)
        host = models.ForeignKey(User, models.CASCADE, related_name="+")

        class Meta:
            app_label = "tests_privacy"

    apps.all_models.pop("tests_privacy", None)
    assert suspects(Visitor) == {"visitor_email", "host"}


# --- giving it out


def opened(content: bytes) -> tuple[zipfile.ZipFile, dict[str, Any]]:
    archive = zipfile.ZipFile(io.BytesIO(content))
    return archive, json.loads(archive.read("data.json"))


def test_everything_held_is_in_the_file(world: Any, zebedee: User) -> None:
    stored = store.store(SimpleUploadedFile("mine.txt", b"written by me"), "mine.txt")
    File.objects.create(
        stored=stored,
        name="mine.txt",
        author=zebedee,
        subject="opportunities.opportunity",
        object_id=world.northwind_opportunity.pk,
        party_id=world.northwind.pk,
    )
    out = io.BytesIO()
    disclose.write(of_user(zebedee), out)
    archive, data = opened(out.getvalue())
    text = archive.read("data.json").decode()
    for known in (NAME, EMAIL, PHONE, "decline", "Likes tea", f"{NAME} calls"):
        assert known in text, known
    assert zebedee.password not in text
    page = archive.read("index.html").decode()
    assert NAME in page
    assert any(
        name.endswith("mine.txt") and archive.read(name) == b"written by me" for name in archive.namelist()
    )
    assert {"leads", "registrations", "contacts"} <= set(data["data"])
    out = io.BytesIO()
    disclose.write(of_user(zebedee), out, internal=False)
    assert "Likes tea" not in opened(out.getvalue())[0].read("data.json").decode()


def test_a_person_gets_their_own_data(world: Any, zebedee: User) -> None:
    client = signed_in(zebedee)
    assert client.post("/me/data/").status_code == 302
    jobs.run_pending()
    made = Disclosure.objects.get()
    assert made.state == "ready"
    page = client.get("/me/data/").content.decode()
    assert f"/privacy/files/{made.pk}/" in page
    answer = client.get(f"/privacy/files/{made.pk}/")
    assert opened(b"".join(answer.streaming_content))[1]["person"] == NAME
    made.refresh_from_db()
    assert made.downloads == 1
    # Nobody else, not even an administrator, who has a way of their own.
    for other in (world.alice, world.admin):
        assert signed_in(other).get(f"/privacy/files/{made.pk}/").status_code == 404
    Disclosure.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get(f"/privacy/files/{made.pk}/").status_code == 404
    assert disclose.sweep(timezone.now()) == 1
    made.refresh_from_db()
    assert made.content is None


def test_a_job_that_runs_again_makes_nothing_twice(world: Any, zebedee: User) -> None:
    made = disclose.ask(Actor.of(world.admin), user=zebedee)
    disclose.make(str(made.pk))
    made.refresh_from_db()
    first = made.content
    disclose.make(str(made.pk))
    made.refresh_from_db()
    assert made.content == first


def test_only_administrators_ask_for_others(world: Any, zebedee: User) -> None:
    for user in (world.maria, world.alice):
        with pytest.raises(Denied):
            disclose.ask(Actor.of(user), user=zebedee)
    assert disclose.ask(Actor.of(world.admin), user=zebedee).asked_by == world.admin
    for _ in range(disclose.A_DAY):
        disclose.ask(Actor.of(zebedee), user=zebedee)
    with pytest.raises(Refused):
        disclose.ask(Actor.of(zebedee), user=zebedee)


# --- the pages


def test_an_administrator_finds_exports_and_erases(world: Any, zebedee: User) -> None:
    client = signed_in(world.admin)
    way = f"/privacy/contacts/{zebedee.contact_id}/"
    assert way in client.get(f"/contacts/{zebedee.contact_id}/").content.decode()
    assert way not in signed_in(world.maria).get(f"/contacts/{zebedee.contact_id}/").content.decode()
    found = client.get("/privacy/", {"email": EMAIL.upper()})
    assert found.status_code == 302
    path = found["Location"]
    page = client.get(path).content.decode()
    assert NAME in page
    assert client.post(f"{path}export/").status_code == 302
    before = client.get(f"{path}erase/").content.decode()
    assert "emptied" in before
    wrong = client.post(f"{path}erase/", {"name": "Nobody"})
    assert wrong.status_code == 422
    assert client.post(f"{path}erase/", {"name": NAME}).status_code == 302
    zebedee.refresh_from_db()
    assert zebedee.name == ERASED
    assert client.get("/privacy/").status_code == 200


@pytest.mark.parametrize("kind", ["leads", "registrations", "quotes"])
def test_who_is_known_from_records_alone_is_given_out_and_erased_on_the_page(world: Any, kind: str) -> None:
    records = {
        "leads": lambda: make_lead(contact_name=NAME, email=EMAIL, phone=PHONE),
        "registrations": lambda: make_registration(
            contact_name=NAME, contact_email=EMAIL, contact_phone=PHONE
        ),
        "quotes": lambda: make_quote(opportunity=world.northwind_opportunity, contact=None),
    }
    record = records[kind]()
    if kind == "quotes":
        type(record).objects.filter(pk=record.pk).update(sent_to=EMAIL)
    other = make_lead(contact_name="Zoe Other", email="zoe@other.example")
    client = signed_in(world.admin)
    path = client.get("/privacy/", {"email": EMAIL.upper()})["Location"]
    assert path == f"/privacy/{kind}/{record.pk}/"
    assert EMAIL in client.get(path).content.decode()
    assert client.post(f"{path}export/").status_code == 302
    while jobs.run_pending():
        pass
    file = Disclosure.objects.get()
    assert (file.email, file.state) == (EMAIL, "ready")
    assert EMAIL in client.get("/privacy/").content.decode()
    answer = client.get(f"/privacy/files/{file.pk}/")
    told = opened(b"".join(answer.streaming_content) if answer.streaming else answer.content)[1]
    assert EMAIL in json.dumps(told)
    assert client.post(f"{path}erase/", {"name": "Nobody"}).status_code == 422
    assert client.post(f"{path}erase/", {"name": EMAIL}).status_code == 302
    # With the record, the file and the note of whom it was asked for are gone.
    assert EMAIL not in everything()
    assert not Disclosure.objects.exists()
    assert Erasure.objects.get().by == world.admin
    assert client.get(path).status_code == 404
    assert client.get(f"/privacy/leads/{other.pk}/").status_code == 200


def test_of_somebody_without_a_record_of_their_own_nothing_stays_when_the_file_is_over(world: Any) -> None:
    make_lead(email=EMAIL)
    with pytest.raises(Denied):
        disclose.ask(Actor.of(world.maria), email=EMAIL)
    made = disclose.ask(Actor.of(world.admin), email=EMAIL)
    disclose.sweep(made.expires_at + timedelta(seconds=1))
    assert not Disclosure.objects.exists()


def test_a_record_that_names_nobody_leads_nowhere(world: Any) -> None:
    client = signed_in(world.admin)
    for kind, pk in (
        ("leads", make_lead(email="").pk),
        ("leads", world.maria.pk),
        ("products", world.product.pk),
        ("nonsense", world.product.pk),
    ):
        for tail in ("", "erase/"):
            assert client.get(f"/privacy/{kind}/{pk}/{tail}").status_code == 404


def test_the_pages_are_for_administrators(world: Any, zebedee: User) -> None:
    for user in (world.maria, world.alice, world.erin, zebedee):
        client = signed_in(user)
        for path in (
            "/privacy/",
            f"/privacy/users/{zebedee.pk}/",
            f"/privacy/users/{zebedee.pk}/erase/",
            f"/privacy/leads/{world.new_lead.pk}/",
        ):
            assert client.get(path).status_code == 404, path
            assert client.post(path).status_code in (404, 405), path


# --- the commands


def test_the_commands(world: Any, zebedee: User, tmp_path: Path) -> None:
    file = tmp_path / "person.zip"
    call_command("export_person", EMAIL, str(file), stdout=io.StringIO())
    assert opened(file.read_bytes())[1]["person"] == NAME
    out = io.StringIO()
    call_command("erase_person", EMAIL, "--dry-run", stdout=out)
    assert "Nothing was changed" in out.getvalue()
    zebedee.refresh_from_db()
    assert zebedee.name == NAME
    call_command("erase_person", EMAIL, stdout=out)
    zebedee.refresh_from_db()
    assert zebedee.name == ERASED


@pytest.mark.parametrize("email", ["nobody@nowhere.example", "alice@northwind.example", ""])
def test_a_command_refuses_in_one_line(world: Any, email: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("erase_person", email)
    assert refused.value.returncode == 2
    assert "\n" not in str(refused.value)


def test_stored_answers_do_not_keep_them(world: Any, zebedee: User) -> None:
    assert IdempotencyKey.objects.exists()
    erase(Actor.of(world.admin), of_user(zebedee))
    assert not IdempotencyKey.objects.filter(principal__contains=str(zebedee.pk)).exists()
