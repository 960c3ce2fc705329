"""Imports of people: their rights, what a killed job leaves, what can be taken back, what is remembered."""

import datetime as dt
import io
import tracemalloc
import zipfile
from decimal import Decimal

import pytest
import xlsxwriter

from prm.accounts.models import Account
from prm.alerts.models import Alert
from prm.catalog.models import Product
from prm.files.models import StoredFile
from prm.files.sweeping import unused
from prm.imports import actions, jobs
from prm.imports.mapping import FileMapping
from prm.imports.models import Import, ImportRow
from prm.imports.run import Importer, Seen
from prm.imports.table import open_table
from prm.leads.models import Lead
from prm.modules import registry
from prm.people.models import Contact, User
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput
from workflows.inserting import insert_rows
from workflows.models import TransitionRecord
from workflows.perform import perform, record_creation

pytestmark = pytest.mark.django_db

LEADS = "Reference,Topic,Company,Email,Country\n"


def upload(user, module, text, name="file.csv"):
    data = text if isinstance(text, bytes) else text.encode()
    return actions.upload(Actor.of(user), registry.get(module), io.BytesIO(data), name)


def do(job, name, user=None, run=True):
    perform(job, name, actor=Actor.of(user or job.user))
    if run:
        {"check_rows": jobs.check, "run": jobs.carry_out, "undo": jobs.undo}[name](str(job.pk))
    return Import.objects.get(pk=job.pk)


def imported(user, module, text, **mapping):
    job = upload(user, module, text)
    if mapping:
        actions.set_mapping(job, FileMapping.of({**job.mapping, **mapping}))
    do(job, "check_rows")
    return do(job, "run")


def counts(job):
    return job.made, job.changed, job.kept, job.wrong


def test_a_file_is_mapped_tried_and_imported(world):
    text = LEADS + "R1,New network,Acme,a@acme.example,Germany\nR2,Old network,,x,Nowhere\n"
    job = upload(world.maria, "leads", text)
    assert job.mapping["columns"] == {
        "reference": "Reference", "topic": "Topic", "company_name": "Company", "email": "Email",
        "country": "Country",
    }  # fmt: skip
    job = do(job, "check_rows")
    assert (job.state, job.report["counts"]) == ("checked", {"create": 1, "wrong": 1})
    assert job.report["wrong"][0]["row"] == 3
    assert Lead.objects.filter(reference="R1").count() == 0
    job = do(job, "run")
    assert (job.state, counts(job)) == ("done", (1, 0, 0, 1))
    lead = Lead.objects.get(reference="R1")
    assert (lead.state, lead.owner, str(lead.country)) == ("new", world.maria, "DE")
    line = TransitionRecord.objects.get(object_id=lead.pk)
    assert (line.actor_kind, line.actor_id, line.from_state) == ("import", world.maria.pk, None)
    assert [one.kind for one in Alert.objects.all()] == ["import.done"]
    assert next(iter(actions.rejected(job)))[:2] == (3, {
        "Reference": "R2", "Topic": "Old network", "Company": "", "Email": "x", "Country": "Nowhere",
    })  # fmt: skip


def test_a_partner_imports_its_own_and_nothing_else(world):
    job = imported(world.alice, "leads", "Topic,Company,Partner,State\nT,Acme,Contoso Partners,new\n")
    assert set(job.mapping["columns"]) == {"topic", "company_name"}
    lead = Lead.objects.get(topic="T")
    assert (lead.partner_id, lead.state, lead.assignee) == (world.northwind.pk, "accepted", world.alice)
    with pytest.raises(InvalidInput) as caught:
        actions.set_mapping(job, FileMapping(columns={"topic": "Topic", "partner": "Partner"}))
    assert "partner" in caught.value.errors


def test_nobody_imports_where_they_may_not_create(world):
    nowhere = (
        (world.dana, "leads"),
        (world.alice, "products"),
        (world.erin, "leads"),
        (world.admin, "invitations"),
    )
    for user, module in nowhere:
        with pytest.raises(Denied):
            upload(user, module, "name\nx\n")


def test_anothers_record_is_not_there(world):
    """A rival's account of the same name is neither changed nor told of."""
    job = imported(world.alice, "accounts", "Name,City\nTailspin Toys,Rome\nFabrikam,Paris\n")
    assert counts(job) == (1, 1, 0, 0)
    world.tailspin.refresh_from_db()
    assert world.tailspin.city != "Rome"
    assert Account.objects.filter(name="Tailspin Toys", partner=world.northwind).count() == 1


def test_a_reference_to_what_one_may_not_see_is_unknown(world):
    job = imported(world.alice, "accounts", "Name,Parent account\nNew one,Tailspin Toys\n")
    assert counts(job) == (0, 0, 0, 1)
    assert job.lines.get().suggestion == ""


def test_rights_are_asked_again_when_the_job_runs(world):
    job = upload(world.alice, "leads", "Topic\nT\n")
    do(job, "check_rows")
    perform(job, "run", actor=Actor.of(world.alice))
    type(world.alice).objects.filter(pk=world.alice.pk).update(is_active=False)
    jobs.carry_out(str(job.pk))
    job.refresh_from_db()
    assert (job.state, Lead.objects.filter(topic="T").count()) == ("failed", 0)
    assert job.problem


def test_a_killed_job_goes_on_where_it_was(world, monkeypatch):
    monkeypatch.setattr("prm.imports.run.CHUNK", 2)
    rows = "".join(f"R{n},T{n},,,\n" for n in range(5)) + "R0,T0,,,\n"
    job = upload(world.maria, "leads", LEADS + rows)
    do(job, "check_rows")
    do(job, "run", run=False)
    kept = jobs._keep

    def killed(job, rows):
        if rows[0].line.number > 3:
            raise KeyboardInterrupt
        kept(job, rows)

    monkeypatch.setattr(jobs, "_keep", killed)
    with pytest.raises(KeyboardInterrupt):
        jobs.carry_out(str(job.pk))
    assert Lead.objects.filter(reference__startswith="R").count() == 2
    monkeypatch.setattr(jobs, "_keep", kept)
    jobs.carry_out(str(job.pk))
    jobs.carry_out(str(job.pk))
    job.refresh_from_db()
    assert (job.state, counts(job)) == ("done", (5, 0, 1, 0))
    assert Lead.objects.filter(reference__startswith="R").count() == 5
    made = job.lines.filter(verb="create").values("object_id")
    assert TransitionRecord.objects.filter(object_id__in=made, transition="create").count() == 5


def test_two_that_try_one_file_at_once_say_it_once(world, monkeypatch):
    job = upload(world.maria, "leads", LEADS + "R1,New network,Acme,a@acme.example,Germany\n")
    right, others = jobs._try, []

    def slow(checked, seen):
        if not others:
            others.append(checked.pk)
            jobs.check(str(checked.pk))
        return right(checked, seen)

    monkeypatch.setattr(jobs, "_try", slow)
    job = do(job, "check_rows")
    assert (others, job.state, job.report["counts"]) == ([job.pk], "checked", {"create": 1})


def test_two_workers_at_one_import_make_nothing_twice(world, monkeypatch):
    job = upload(world.maria, "leads", "Topic\nT1\nT2\n")
    do(job, "check_rows")
    do(job, "run", run=False)
    stale = Import.objects.get(pk=job.pk)
    jobs.carry_out(str(job.pk))
    monkeypatch.setattr(jobs, "_job", lambda pk, state: stale)
    jobs.carry_out(str(job.pk))
    assert Lead.objects.filter(topic__in=["T1", "T2"]).count() == 2


def test_a_job_that_takes_long_makes_room_and_goes_on(world, monkeypatch):
    monkeypatch.setattr("prm.imports.run.CHUNK", 1)
    monkeypatch.setattr(jobs, "TURN", 0)
    job = upload(world.maria, "leads", "Topic\nT1\nT2\nT3\n")
    do(job, "check_rows")
    do(job, "run")
    for _turn in range(5):
        jobs.carry_out(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.made) == ("done", 3)


def test_a_row_that_the_database_refuses_does_not_take_others_along(world):
    Lead.objects.filter(pk=world.northwind_lead.pk).update(reference="R1")
    # By no key, so the doubled reference is found by the database only.
    job = imported(world.maria, "leads", LEADS + "R1,One,,,\nR2,Two,,,\n", key="-")
    assert counts(job) == (1, 0, 0, 1)
    assert "eference" in job.lines.get(verb="wrong").reason


def test_accounts_find_each_other_within_a_file(world):
    job = imported(world.maria, "accounts", "Name,Parent account\nC,B\nB,A\nA,\nX,Y\nY,X\n")
    assert counts(job) == (3, 0, 0, 2)
    assert Account.objects.get(name="C").parent.parent.name == "A"
    assert Account.objects.get(name="A").name_key == "a"


def test_what_nobody_touched_is_taken_back(world):
    product = Product.objects.create(name="Torch", series="Old")
    job = imported(world.admin, "products", "Name,Series\nTorch,New\nLamp,L\nCandle,C\n")
    assert counts(job) == (2, 1, 0, 0)
    lamp = Product.objects.get(name="Lamp")
    Product.objects.filter(pk=lamp.pk).update(version=7)
    job = do(job, "undo")
    assert job.state == "undone"
    product.refresh_from_db()
    assert (product.series, product.version) == ("Old", 3)
    assert set(Product.objects.filter(name__in=["Lamp", "Candle"]).values_list("name", flat=True)) == {"Lamp"}
    kept = job.lines.get(undone=ImportRow.Undone.KEPT)
    assert (kept.object_id, "changed" in kept.reason) == (lamp.pk, True)
    gone = job.lines.get(verb="create", undone="yes").object_id
    assert [one.transition for one in TransitionRecord.objects.filter(object_id=gone).order_by("at")] == [
        "create",
        "delete",
    ]


def test_who_lost_the_right_takes_nothing_back(world):
    job = imported(world.admin, "accounts", "Name\nA\n")
    do(job, "undo", run=False)
    world.admin.portal = world.erin.portal
    world.admin.save(update_fields=["portal"])
    jobs.undo(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.problem) == ("failed", "You may no longer import here.")
    assert Account.objects.filter(name="A").exists()


def test_what_the_importer_no_longer_sees_is_kept(world):
    job = imported(world.alice, "accounts", "Name\nA\n")
    contact = world.alice.contact
    contact.company_id = world.contoso.pk
    contact.save(update_fields=["company"])
    job = do(job, "undo", User.objects.get(pk=world.alice.pk))
    assert job.state == "undone"
    assert Account.objects.filter(name="A").exists()


def test_the_file_goes_when_nothing_is_made_of_it_any_more(world):
    done = imported(world.maria, "leads", LEADS + "R1,Network,Acme,a@acme.example,DE\n")
    waiting = upload(world.maria, "leads", LEADS + "R2,Network,Acme,b@acme.example,DE\n")
    assert (done.state, done.content, done.sample) == ("done", None, [])
    assert set(StoredFile.objects.all()) - set(unused()) == {waiting.content}
    assert unused().count() == 1
    # What was imported, and what was rejected, is in the rows.
    assert do(done, "undo").state == "undone"


def test_the_file_of_one_that_failed_goes_too(world):
    job = upload(world.maria, "leads", LEADS + "R1,Network,Acme,a@acme.example,DE\n")
    do(job, "check_rows")
    perform(job, "run", actor=Actor.of(world.maria))
    User.objects.filter(pk=world.maria.pk).update(is_active=False)
    jobs.carry_out(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.content) == ("failed", None)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_that_no_form_would_take_is_a_wrong_row(world, day):
    text = f"Topic,Expected close\nNetwork,{day}\nTelephones,2027-05-01\n"
    job = imported(world.alice, "opportunities", text)
    assert (job.state, counts(job)) == ("done", (1, 0, 0, 1))
    assert "too far away" in next(iter(actions.rejected(job)))[2]


def test_a_workbook_with_a_number_beyond_all_numbers(world):
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Reference", "Topic"])
        sheet.write_row(1, 0, ["R1", 12345.5])
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(file.getvalue())) as before, zipfile.ZipFile(packed, "w") as after:
        for name in before.namelist():
            after.writestr(name, before.read(name).replace(b"12345.5", b"1E400"))
    job = upload(world.maria, "leads", packed.getvalue(), "file.xlsx")
    assert do(job, "check_rows").report["counts"]


def test_what_others_refer_to_is_kept(world):
    job = imported(world.admin, "accounts", "Name\nA\nB\n")
    account = Account.objects.get(name="A")
    person = Contact(company_id=account.pk, name="P")
    insert_rows([person])
    record_creation(person, Actor.of(world.admin))
    job = do(job, "undo")
    assert list(Account.objects.filter(name__in="AB").values_list("name", flat=True)) == ["A"]
    assert Contact.objects.filter(pk=person.pk).exists()


def test_what_columns_mean_is_remembered_for_the_person(world):
    text = "Thema,Firma\nT,Acme\n"
    job = upload(world.maria, "leads", text)
    actions.set_mapping(
        job, FileMapping.of({**job.mapping, "columns": {"topic": "Thema", "company_name": "Firma"}})
    )
    assert upload(world.maria, "leads", text).mapping["columns"] == {
        "topic": "Thema",
        "company_name": "Firma",
    }
    assert upload(world.nils, "leads", text).mapping["columns"] == {}


@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("utf-8", ","), ("utf-8-sig", ";"), ("cp1252", ";"), ("utf-16", "\t")]
)
def test_encodings_and_separators(world, encoding, delimiter):
    text = delimiter.join(["Topic", "Company"]) + "\n" + delimiter.join(["Grüße", "Müller & Söhne"]) + "\n"
    imported(world.maria, "leads", text.encode(encoding))
    assert Lead.objects.get(topic="Grüße").company_name == "Müller & Söhne"


def test_a_workbook(world):
    sheets = io.BytesIO()
    book = xlsxwriter.Workbook(sheets)
    sheet = book.add_worksheet("Leads")
    book.add_worksheet("Other").write_column(0, 0, ["Topic", "O"])
    for at, head in enumerate(["Topic", "Reference", "Amount", "Expected close", "Company"]):
        sheet.write(2, at + 1, head)
    sheet.write_row(3, 1, ["T", 4711, 1234.5])
    sheet.write_datetime(3, 4, dt.datetime(2026, 5, 3), book.add_format({"num_format": "dd.mm.yyyy"}))
    book.close()
    sheets.seek(0)
    job = actions.upload(Actor.of(world.maria), registry.get("leads"), sheets, "file.xlsx")
    do(job, "check_rows")
    job = do(job, "run")
    assert counts(job) == (1, 0, 0, 0)
    lead = Lead.objects.get(reference="4711")
    assert (lead.topic, lead.amount.amount, lead.expected_close) == (
        "T",
        Decimal("1234.50"),
        dt.date(2026, 5, 3),
    )


def test_german_numbers_and_dates_are_told_by_the_content(world):
    job = imported(world.maria, "leads", 'Topic;Amount;Expected close\nT;"1.234,50";24.12.2026\n')
    assert (job.mapping["decimal"], job.mapping["dates"]) == (",", "%d.%m.%Y")
    lead = Lead.objects.get(topic="T")
    assert (lead.amount.amount, f"{lead.expected_close}") == (Decimal("1234.50"), "2026-12-24")


def test_memory_does_not_grow_with_the_file(world):
    """Ten times the rows take hardly more at the peak: rows, keys and words are not kept in memory."""

    def peak(rows):
        text = (LEADS + "".join(f"R{n},Topic {n},Acme {n},a{n}@x.example,DE\n" for n in range(rows))).encode()
        table = open_table(lambda: io.BytesIO(text), "file.csv")
        mapping = upload(world.maria, "leads", text[:4000].rpartition(b"\n")[0] + b"\n").mapping
        importer, seen = Importer(registry.get("leads"), FileMapping.of(mapping), world.maria), Seen()
        tracemalloc.start()
        importer.run(table, seen, lambda rows: None, write=False)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(500)
    assert peak(10_000) < 1.5 * peak(1_000)
