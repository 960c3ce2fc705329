"""Many new rows at once, of models that inherit their columns from other tables as well."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from django.db import connections, models
from django.db.models import Field, Model
from django.db.models.base import ModelState

Take = Callable[[Any], Any]

#: Where a column's way to the database is one of these, a text or nothing passes as it is.
_TEXT = (
    (models.CharField.get_prep_value, models.TextField.get_prep_value),
    (Field.get_db_prep_value,),
    (Field.get_db_prep_save,),
)


def insert_rows(objs: Sequence[Any]) -> None:
    """Inserts new instances of one model: one statement for each of its tables, prepared once for all rows.

    `bulk_create` refuses a model with a parent table, and spends most of its time on expressions, which new
    rows have none of. Each table takes its own columns from the same instances, the parents first, as
    `Model.save` does for one. Like `bulk_create` it sends no signals; a number that the database gives to a
    row is not brought back.
    """
    if not objs:
        return
    model = type(objs[0])
    connection = connections[model._base_manager.db]
    for table in _tables(model):
        links: list[Any] = [link for link in table._meta.parents.values() if link and link.model is table]
        for link in links:
            for obj in objs:
                setattr(obj, link.attname, getattr(obj, link.target_field.attname))
        columns = [
            one
            for one in table._meta.local_concrete_fields
            if not one.generated and not isinstance(one, models.AutoField)
        ]
        takes = [_take(column, connection) for column in columns]
        quote = connection.ops.quote_name
        names = ", ".join(quote(str(column.column)) for column in columns)
        marks = ", ".join(["%s"] * len(columns))
        # Names of our own tables and columns, and placeholders.
        sql = f"INSERT INTO {quote(table._meta.db_table)} ({names}) VALUES ({marks})"  # noqa: S608
        with connection.cursor() as cursor:
            cursor.executemany(sql, [[take(obj) for take in takes] for obj in objs])
    for obj in objs:
        obj._state.adding, obj._state.db = False, connection.alias


def maker(model: type[Model]) -> Callable[[], Any]:
    """What makes new instances of the model, each as `model()` would be, in a fraction of its time."""
    pattern = model()
    shared = {name: value for name, value in pattern.__dict__.items() if name != "_state"}
    own = [
        (column.attname, column.get_default)
        for column in model._meta.concrete_fields
        if callable(column.default)
    ]

    def make() -> Any:
        obj = model.__new__(model)
        obj.__dict__.update(shared)
        obj._state = ModelState()
        for name, default in own:
            obj.__dict__[name] = default()
        return obj

    return make


def _tables(model: type[Model]) -> list[type[Model]]:
    """The model and those that it inherits tables from, each behind its own parents."""
    found: list[type[Model]] = []
    for parent, link in model._meta.parents.items():
        if link is not None:
            found += [one for one in _tables(parent) if one not in found]
    return [*found, model]


def _take(column: Field[Any, Any], connection: Any) -> Take:
    """What takes the column's value from an instance, as the database wants it."""
    kind = type(column)
    value: Take = attrgetter(column.attname)
    if kind.pre_save is not Field.pre_save:
        value = lambda obj: column.pre_save(obj, add=True)  # noqa: E731

    def prepared(obj: Any) -> Any:
        found = value(obj)
        return None if found is None else column.get_db_prep_save(found, connection=connection)

    methods = (kind.get_prep_value, kind.get_db_prep_value, kind.get_db_prep_save)
    if not all(method in known for method, known in zip(methods, _TEXT, strict=True)):
        return prepared

    def text(obj: Any) -> Any:
        found = value(obj)
        return found if type(found) is str else prepared(obj)

    return text
