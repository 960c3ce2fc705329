"""Files into modules: what is made, what is refused and why, and that a second run changes nothing."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from prm.accounts.models import Account
from prm.alerts.models import Alert
from prm.catalog.models import Product
from prm.leads.models import Lead
from prm.opportunities.models import Opportunity, OpportunityAssignment
from prm.partners.models import Partner
from prm.people.models import User
from workflows.actor import Actor
from workflows.models import Timer, TransitionRecord
from workflows.perform import perform

pytestmark = pytest.mark.django_db

MAPPING = """
module = "opportunities"
dates = "%m/%d/%Y"
[columns]
reference = "id"
topic = "product"
product = "product"
partner = "agent"
account = "account"
state = "stage"
amount = "value"
created_at = "engaged"
won_at = "closed"
lost_at = "closed"
[values.state]
Prospecting = "distributed"
Engaging = "managed"
Won = "won"
Lost = "lost"
"""
HEADER = "id,agent,product,account,stage,engaged,closed,value"
ROWS = [
    "A1,Northwind Systems,Lamp,Fabrikam,Won,10/20/2016,3/1/2017,1054",
    "A2,Northwind Systems,Lamp,,Won,10/25/2016,3/11/2017,46.50",
    "A3,Contoso Partners,Lamp,Tailspin Toys,Lost,10/25/2016,3/7/2017,0",
    "A4,Contoso Partners,Lamp,Tailspin Toys,Engaging,11/1/2016,,",
    "A5,Northwind Systems,Lamp,,Prospecting,,,",
]


@pytest.fixture
def run(tmp_path, capsys):
    def run(module, header, rows, *options):
        file = tmp_path / "file.csv"
        file.write_text("\n".join([header, *rows]) + "\n")
        rejected = tmp_path / "rejected.csv"
        rejected.unlink(missing_ok=True)
        call_command("import_csv", module, str(file), "--rejected", str(rejected), *options)
        return capsys.readouterr().out, list(csv.DictReader(rejected.open())) if rejected.exists() else []

    return run


@pytest.fixture
def mapping(tmp_path, world):
    Product.objects.create(name="Lamp")
    file = tmp_path / "mapping.toml"
    file.write_text(MAPPING)
    Opportunity.objects.all().delete()
    return ["--mapping", str(file)]


def test_a_pipeline_becomes_opportunities_in_their_states(world, mapping, run):
    out, rejected = run("opportunities", HEADER, ROWS, *mapping)
    assert "5 created, 0 updated, 0 as they are, 0 rejected" in out
    assert "account is empty in 2 rows" in out
    assert rejected == []
    found = {one.reference: one for one in Opportunity.objects.all()}
    assert {key: one.state for key, one in found.items()} == {
        "A1": "won", "A2": "won", "A3": "lost", "A4": "managed", "A5": "distributed",
    }  # fmt: skip
    assert found["A1"].partner == world.northwind
    assert found["A1"].amount.amount + found["A2"].amount.amount == Decimal("1100.50")
    assert f"{found['A1'].won_at:%Y-%m-%d}" == "2017-03-01"
    assert found["A1"].lost_at is None
    assert f"{found['A1'].created_at:%Y-%m-%d}" == "2016-10-20"
    assert (found["A4"].stage, found["A4"].owner) == ("qualification", world.contoso.channel_manager)


def test_an_imported_offer_runs_and_nobody_is_alerted(world, mapping, run):
    run("opportunities", HEADER, ROWS, *mapping)
    offer = Opportunity.objects.get(reference="A5")
    assert offer.due_at is not None
    assert Timer.objects.filter(object_id=offer.pk, transition="expire").count() == 1
    assert [one.state for one in OpportunityAssignment.objects.filter(opportunity=offer)] == ["offered"]
    assert Alert.objects.count() == 0
    history = TransitionRecord.objects.filter(object_id=offer.pk)
    assert [(one.from_state, one.to_state, one.actor_kind) for one in history] == [
        (None, "distributed", "import")
    ]
    accepted = perform(offer, "accept", actor=Actor.of(world.bob))
    won = perform(
        accepted, "win", actor=Actor.of(world.bob), inputs={"amount": {"amount": "9", "currency": "USD"}}
    )
    assert won.state == "won"


def test_a_second_run_changes_nothing_and_no_state_goes_back(world, mapping, run):
    run("opportunities", HEADER, ROWS, *mapping)
    perform(Opportunity.objects.get(reference="A5"), "accept", actor=Actor.of(world.bob))
    before = list(Opportunity.objects.order_by("pk").values())
    records = TransitionRecord.objects.count()
    out, _ = run("opportunities", HEADER, ROWS, *mapping)
    assert "0 created, 0 updated, 5 as they are, 0 rejected" in out
    assert list(Opportunity.objects.order_by("pk").values()) == before
    assert TransitionRecord.objects.count() == records


def test_a_changed_cell_updates_and_an_empty_one_does_not(world, mapping, run):
    run("opportunities", HEADER, ROWS, *mapping)
    changed = [ROWS[0].replace("1054", "2000"), ROWS[1].replace("46.50", "")]
    out, _ = run("opportunities", HEADER, changed, *mapping)
    assert "0 created, 1 updated, 1 as they are, 0 rejected" in out
    assert Opportunity.objects.get(reference="A1").amount.amount == 2000
    assert Opportunity.objects.get(reference="A2").amount.amount == Decimal("46.50")


def test_a_dry_run_changes_nothing(world, mapping, run):
    out, _ = run("opportunities", HEADER, ROWS, *mapping, "--dry-run")
    assert "5 would be created, 0 would be updated" in out
    assert Opportunity.objects.count() == 0


def test_a_wrong_word_is_rejected_with_what_was_meant(world, mapping, run):
    Product.objects.create(name="GTX Pro")
    rows = [
        ROWS[0],
        "B1,Northwind Systems,GTXPro,,Won,1/1/2017,1/2/2017,5",
        "B2,Nobody,Lamp,,Won,1/1/2017,x,5",
    ]
    out, rejected = run("opportunities", HEADER, rows, *mapping)
    assert "1 created, 0 updated, 0 as they are, 2 rejected" in out
    assert [(one["id"], one["row"], one["suggestion"]) for one in rejected] == [
        ("B1", "3", "GTX Pro"),
        ("B2", "4", ""),
    ]
    assert rejected[0]["reason"] == "product: there is no Product “GTXPro”"
    assert rejected[1]["reason"].startswith("partner: there is no Partner “Nobody”; won_at: ")
    fixed = ["--value", "product:GTXPro=GTX Pro"]
    out, rejected = run("opportunities", HEADER, rows[:2], *mapping, *fixed)
    assert ("1 created, 0 updated, 1 as they are, 0 rejected" in out, rejected) == (True, [])


def test_two_rows_of_one_key_must_agree(world, mapping, run):
    _, rejected = run("opportunities", HEADER, [ROWS[0], ROWS[0], ROWS[0].replace("1054", "1")], *mapping)
    assert [one["reason"] for one in rejected] == ["row 2 has the same reference and other values"]
    assert Opportunity.objects.count() == 1


def test_columns_that_nothing_is_made_of_are_named(world, mapping, run):
    out, _ = run("opportunities", f"{HEADER},weather", [f"{ROWS[0]},rain"], *mapping)
    assert "column weather was not used" in out


def test_columns_are_found_by_name_and_label(world, run):
    out, _ = run("products", "Name,series,List price", ["Torch,T,12.50", "Candle,C,1"])
    assert "2 created" in out
    assert Product.objects.get(name="Torch").list_price.amount == Decimal("12.50")


def test_rows_may_refer_to_later_rows_of_their_own_file(world, run):
    rows = ["Child,Parent", "Parent,", "Orphan,Nowhere"]
    out, rejected = run("accounts", "name,mother", rows, "--map", "name=name", "--map", "parent=mother")
    assert Account.objects.get(name="Child").parent.name == "Parent"
    assert [one["name"] for one in rejected] == ["Orphan"]
    assert "2 created" in out


def test_templates_and_constants_fill_what_the_file_has_not(world, run, tmp_path):
    file = tmp_path / "users.toml"
    file.write_text(
        '[columns]\nname = "who"\n[templates]\nemail = "{who:slug}@vendor.example"\n'
        '[constants]\nportal = "Channel manager"\n'
    )
    run("users", "who", ["Dustin Brinkmann", "Dustin Brinkmann"], "--mapping", str(file))
    made = User.objects.get(email="dustin-brinkmann@vendor.example")
    assert (made.portal.key, made.has_usable_password()) == ("channel_manager", False)


def test_leads_from_a_file_wait_for_a_channel_manager(world, run):
    run("leads", "reference,topic,company_name,email", ["L1,New network,Acme,a@acme.example"])
    lead = Lead.objects.get(reference="L1")
    assert (lead.state, lead.partner, lead.source) == ("new", None, "import")


def test_partners_from_a_file_are_what_the_mapping_says(world, run):
    run("partners", "name,state", ["Adatum,active"], "--map", "name=name", "--map", "state=state")
    assert Partner.objects.get(name="Adatum").state == "active"


@pytest.mark.parametrize(
    ("module", "header", "rows", "options", "said"),
    [
        ("nonsense", "a", ["1"], [], "no module"),
        ("products", "name", ["x"], ["--map", "shape=name"], "has no field 'shape'"),
        ("products", "name", ["x"], ["--map", "name=title"], "no column 'title'"),
        ("products", "name", ["x"], ["--map", "name"], "joined by '='"),
        ("products", "name,name", ["x,y"], [], "twice"),
        ("products", "name,series", ["x"], [], "row 2: 1 cells"),
        ("products", "series", ["x"], [], "needs 'name'"),
        ("products", "name", ["x"], ["--mapping", "/nowhere.toml"], "/nowhere.toml"),
    ],
)
def test_bad_use_is_one_line_and_exit_code_2(world, run, module, header, rows, options, said):
    with pytest.raises(CommandError) as caught:
        run(module, header, rows, *options)
    assert caught.value.returncode == 2
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_rejected_rows_carry_no_formula(world, run):
    _, rejected = run("products", "name,series,list_price", ["=HYPERLINK(1),s,x"])
    assert rejected[0]["name"] == "'=HYPERLINK(1)"


def test_the_documented_mappings_read(world):
    from prm.imports.mapping import read_mapping

    for path in sorted(Path("docs/import/maven-crm").glob("*.toml")):
        module = path.stem.split("-")[1]
        assert read_mapping(path, {"managers": "users"}.get(module, module)).fields
