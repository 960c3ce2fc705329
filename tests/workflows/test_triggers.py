"""The database itself refuses what no transition does, also to raw SQL."""

from __future__ import annotations

from itertools import product

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, models, transaction
from django.db.migrations.operations import AlterField
from django.db.migrations.state import ProjectState
from django.db.utils import DatabaseError

from tests.workflows.app.models import Crate, Parcel
from workflows import triggers
from workflows.checks import check_database
from workflows.machine import Machine, StateField
from workflows.models import TransitionRecord

pytestmark = pytest.mark.django_db


def refused(sql: str, params: list) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, params)
    except IntegrityError:
        return True
    return False


def key(record) -> object:
    return record.pk if connection.vendor == "postgresql" else record.pk.hex


def test_exactly_the_pairs_of_the_machine_pass(make):
    machine = Machine.of(Parcel)
    for old, new in product(machine.states, repeat=2):
        parcel = make(old)
        sql = "UPDATE parcels_parcel SET state = %s WHERE id = %s"
        assert refused(sql, [new, key(parcel)]) == (old != new and (old, new) not in machine.pairs), (
            old,
            new,
        )


def test_the_orm_is_refused_as_well(make):
    parcel = make("packed")
    with pytest.raises(IntegrityError), transaction.atomic():
        Parcel.objects.filter(pk=parcel.pk).update(state="delivered")


def test_a_record_begins_in_a_known_state():
    with pytest.raises(IntegrityError), transaction.atomic():
        Parcel.objects.create(state="eaten")
    assert Parcel.objects.create(state="lost").state == "lost", "an import may begin in any"


def test_a_child_of_two_tables_is_held_too():
    crate = Crate.objects.create(state="shut")
    assert refused("UPDATE parcels_crate SET state = 'open' WHERE box_ptr_id = %s", [key(crate)])


def test_other_columns_are_free(make):
    parcel = make("packed")
    assert not refused("UPDATE parcels_parcel SET label = 'x' WHERE id = %s", [key(parcel)])


@pytest.mark.parametrize(
    "sql",
    ["UPDATE workflows_transitionrecord SET reason = 'another'", "DELETE FROM workflows_transitionrecord"],
)
def test_the_history_stays(make, sql):
    make()
    assert refused(sql, [])
    with triggers.maintenance(), connection.cursor() as cursor:
        cursor.execute(sql)
    make()
    assert refused(sql, []), "maintenance is over"


def test_an_error_ends_maintenance(make):
    make()
    with pytest.raises(DatabaseError), triggers.maintenance(), connection.cursor() as cursor:
        cursor.execute("SELECT nonsense FROM nowhere")
    assert refused("DELETE FROM workflows_transitionrecord", [])


def test_the_orm_cannot_change_the_history(make):
    make()
    line = TransitionRecord.objects.get()
    line.reason = "another"
    with pytest.raises(IntegrityError), transaction.atomic():
        line.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        line.delete()


def test_an_insert_that_replaces_is_no_way_round(make):
    parcel = make("packed")
    names = [f'"{field.column}"' for field in Parcel._meta.concrete_fields]
    chosen = ", ".join("'delivered'" if name == '"state"' else name for name in names)
    copied = f"INTO parcels_parcel ({', '.join(names)}) SELECT {chosen} FROM parcels_parcel WHERE id = %s"
    lines = "INTO workflows_transitionrecord SELECT * FROM workflows_transitionrecord"
    if connection.vendor == "postgresql":
        assert refused(
            f"INSERT {copied} ON CONFLICT (id) DO UPDATE SET state = EXCLUDED.state", [key(parcel)]
        )
        assert refused(f"INSERT {lines} ON CONFLICT (id) DO UPDATE SET reason = 'another'", [])
    else:
        assert refused(f"INSERT OR REPLACE {copied}", [key(parcel)])
        assert refused(f"INSERT OR REPLACE {lines}", [])


@pytest.mark.postgres
def test_truncate_is_refused(make):
    make()
    assert refused("TRUNCATE workflows_transitionrecord", [])


def test_a_difference_is_found_and_mended(make):
    assert check_database() == []
    (one,) = [each for each in triggers.expected() if each.name == "workflows_parcels_parcel_update"]
    with connection.cursor() as cursor:
        triggers._drop(connection, cursor, one.table, one.name)
        for sql in one.sql:
            cursor.execute(sql.replace("'delivered'", "'stolen'"))
    problems = check_database()
    assert [str(each) for each in problems] == [
        "parcels_parcel: trigger: workflows_parcels_parcel_update is missing or differs from the machine"
    ]
    triggers.install()
    assert check_database() == []
    assert refused("UPDATE parcels_parcel SET state = 'stolen' WHERE id = %s", [key(make("sent"))])


def test_a_trigger_of_a_machine_that_is_gone_is_taken_away(monkeypatch):
    monkeypatch.setattr(triggers, "machines", list)
    triggers.install()
    assert {table for table, _name in triggers.installed()} == {
        model._meta.db_table for model in triggers.kept_tables()
    }
    monkeypatch.undo()
    assert check_database() != []
    triggers.install()
    assert check_database() == []


@pytest.mark.django_db(transaction=True)
def test_a_migration_of_the_state_finds_them_again_afterwards(make):
    """The schema editor rebuilds the table on SQLite and retypes the column on PostgreSQL."""
    parcel = make("sent")
    old = ProjectState.from_apps(__import__("django.apps").apps.apps)
    operation = AlterField(
        "parcel", "state", StateField(choices=Parcel.State.choices, default="packed", max_length=40)
    )
    new = old.clone()
    operation.state_forwards("parcels", new)
    triggers.before_migration("default", plan=[operation])
    assert triggers.installed() == {}
    with connection.schema_editor() as editor:
        operation.database_forwards("parcels", editor, old, new)
    try:
        assert check_database() != []
        triggers.after_migration("default")
        assert check_database() == []
        assert refused("UPDATE parcels_parcel SET state = 'nowhere' WHERE id = %s", [key(parcel)])
    finally:
        triggers.before_migration("default", plan=[operation])
        with connection.schema_editor() as editor:
            operation.database_backwards("parcels", editor, new, old)
        triggers.after_migration("default")


@pytest.mark.django_db(transaction=True)
def test_a_flush_empties_the_history_and_leaves_the_triggers(make):
    make()
    call_command("flush", interactive=False)
    assert not TransitionRecord.objects.exists()
    assert check_database() == []
    make()
    assert refused("DELETE FROM workflows_transitionrecord", [])


def test_migrate_without_anything_to_do_leaves_them_alone():
    triggers.before_migration("default", plan=[])
    assert check_database() == []


def test_a_state_field_is_told_to_migrations():
    _name, path, args, kwargs = Parcel._meta.get_field("state").deconstruct()
    assert (path, args) == ("workflows.machine.StateField", [])
    assert kwargs["max_length"] == 32
    rebuilt = StateField(**kwargs)
    assert rebuilt.deconstruct()[3] == kwargs
    assert isinstance(rebuilt, models.CharField)
