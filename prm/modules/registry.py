"""The registry of modules: descriptions of the kinds of record that portals can show.

A Python declaration in an app's `module.py` is one source of a description. Code behind the registry asks
the description (`rows()`, `column()`, `field()`), never a class of its own for a module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, cast

from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db import models
from django.utils.functional import Promise
from django.utils.text import capfirst
from djmoney.models.fields import MoneyField

from prm.access.specs import GrantSpec
from prm.access.specs import Section as Section
from workflows.inputs import KINDS, Input
from workflows.machine import Machine, Workflow

Text = str | Promise


@dataclass(frozen=True, kw_only=True)
class Field(Input):
    """One field of a module.

    source: path from the module's rows to the value ("company__name"); "" means the name itself, None
        that `Module.computed` fills it in.
    create, edit: whether a grant may let it be written when a record is made, and later.
    hidden: never shown and never written, whatever a grant says.
    unit: what a number is counted in, said after it on pages ("%").
    divided: written with or without blanks and signs between, like a tax id; searched however it is written.
    stands_in_for: a reference that says the same. Pages show this field only where that one is empty; whoever
        may not see the record behind the reference still learns what there is to know.
    """

    name: str = ""
    source: str | None = ""
    create: bool = True
    edit: bool = True
    hidden: bool = False
    unit: str = ""
    divided: bool = False
    stands_in_for: str = ""

    def __post_init__(self) -> None:
        if self.kind not in self.kinds():
            raise ImproperlyConfigured(f"{self.name}: no such kind of field: {self.kind!r}")

    @classmethod
    def kinds(cls) -> tuple[str, ...]:
        """The kinds of input, and those that are only shown."""
        return (*KINDS, "state", "duration", "uuid", "json")

    @property
    def path(self) -> str:
        """The ORM path of the value, relative to a row of the module."""
        return self.source or self.name

    @property
    def numbered(self) -> bool:
        """Whether it is searched by its digits, however they are divided."""
        return self.divided or self.kind == "phone"

    @property
    def stored(self) -> bool:
        """Whether the value is a column and so can be filtered and sorted by the database."""
        return self.source is not None


KIND_BY_CLASS: tuple[tuple[type[models.Field[Any, Any]], str], ...] = (
    (MoneyField, "money"),
    (models.EmailField, "email"),
    (models.URLField, "url"),
    (models.UUIDField, "uuid"),
    (models.BooleanField, "boolean"),
    (models.DateTimeField, "datetime"),
    (models.DateField, "date"),
    (models.DurationField, "duration"),
    (models.DecimalField, "decimal"),
    (models.IntegerField, "integer"),
    (models.TextField, "longtext"),
    (models.ForeignKey, "reference"),
    (models.JSONField, "json"),
    (models.CharField, "text"),
)


def _kind(column: models.Field[Any, Any]) -> str:
    if column.name == "state":
        return "state"
    if type(column).__name__ == "CountryField":
        return "country"
    if type(column).__name__ in ("PhoneNumberField", "PhoneTextField"):
        return "phone"
    if column.choices:
        return "choice"
    for cls, kind in KIND_BY_CLASS:
        if isinstance(column, cls):
            return kind
    raise ImproperlyConfigured(f"no kind of field for {column!r}")


def resolve_column(model: type[models.Model], path: str) -> models.Field[Any, Any]:
    """The concrete field at the end of `path` ("company__name"). Raises FieldDoesNotExist."""
    column: Any = None
    here: type[models.Model] = model
    for part in path.split("__"):
        column = here._meta.get_field(part)
        here = cast("type[models.Model]", column.related_model)
    if not getattr(column, "concrete", False):
        raise FieldDoesNotExist(f"{model._meta.label}.{path} is not a column")
    return cast("models.Field[Any, Any]", column)


#: Columns that no form sets, whoever may write the record.
AUTOMATIC = frozenset({"id", "version", "created_at", "updated_at", "state", "state_since", "due_at"})


def fields(model: type[models.Model], *names: str, **overrides: Mapping[str, Any]) -> tuple[Field, ...]:
    """Fields of a module derived from the columns of its model, with what is said in `overrides`.

    An override with `source` names a column of a related row, which is read only; one with `source=None`
    must give `kind` and is filled in by `Module.computed`.
    """
    derived = []
    for name in dict.fromkeys((*names, *overrides)):
        given = dict(overrides.get(name, {}))
        if given.get("source", "") is None:
            derived.append(Field(name=name, **{"create": False, "edit": False, "required": False, **given}))
            continue
        path = given.get("source") or name
        column = resolve_column(model, path)
        kind = given.get("kind") or _kind(column)
        writable = column.editable and name not in AUTOMATIC and "__" not in path
        facts: dict[str, Any] = {
            "kind": kind,
            # capfirst keeps lazy texts lazy, so the label is said in the language of the reader.
            "label": capfirst(column.verbose_name),
            "required": not (column.blank or column.has_default() or column.null),
            "help": column.help_text,
            "create": writable,
            "edit": writable,
        }
        if kind in ("choice", "state"):
            facts["choices"] = tuple(column.flatchoices)
        if kind in ("text", "email", "url", "phone", "longtext"):
            facts["max_length"] = column.max_length
        if column.has_default() and not callable(column.default):
            facts["initial"] = column.default
        derived.append(Field(name=name, **{**facts, **given}))
    return tuple(derived)


@dataclass(frozen=True)
class Related:
    """A list on the record page: the rows of `module` whose reference `field` is this record."""

    module: str
    field: str
    title: Text


@dataclass(frozen=True)
class Dated:
    """A date of the record that stands in calendars while the record is in one of `states`.

    field: of kind date or datetime, among the module's filters and orderings. label: what happens then.
    """

    field: str
    label: Text
    states: tuple[str, ...]


Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Importing:
    """How the rows of a file become records of the module.

    key: the field by which a known record is found again.
    known_by: fields by which another row may refer to a record.
    fields: what a file may set besides the fields that people may set on a new record.
    once: of all those, what is set on a new record only; the state of a known record never changes.
    begin(obj, values): completes a new record before it is saved.
    """

    key: str
    known_by: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    once: tuple[str, ...] = ()
    begin: Callable[[Any, Mapping[str, Any]], None] | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Module:
    """A kind of record: what it is called, what it shows, and who is granted what.

    prepare(obj, actor): sets what the body may not (partner, owner, first state) before the first save.
    check(obj, changed): raises InvalidInput where the changed fields do not go together; may set further
        columns and then returns their names.
    computed(rows, user): fills in the fields that have no column, for all rows at once.
    duplicates(user, values): warnings as dicts module, id, title, why; among the user's own records.
    params(given): query parameters of a list rewritten (a parameter of the module's own into filters).
    importing: how files are read into it; None where the title is the key and nothing special is set.
    from_files: whether people may make records of it out of a file: not where each sends a mail or has parts.
    notify: event name → audiences that are alerted.
    dates: dates of the record that stand in the calendars of those who may read them.
    nav: whether it has a place of its own in the navigation. administration: the vendor's people find it
        under Administration instead.
    """

    key: str
    model: type[models.Model]
    label: Text
    label_plural: Text
    title: str
    fields: tuple[Field, ...]
    grants: Mapping[str, GrantSpec]
    icon: str = "folder"
    columns: tuple[str, ...] = ()
    card: tuple[str, ...] = ()
    layout: tuple[Section, ...] = ()
    search: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    ordering: tuple[str, ...] = ("created_at",)
    default_ordering: str = "-created_at"
    board: str = ""
    related: tuple[Related, ...] = ()
    prepare: Callable[[Any, Any], None] | None = None
    check: Callable[[Any, set[str]], set[str] | None] | None = None
    computed: Callable[[list[Row], Any], None] | None = None
    duplicates: Callable[[Any, Mapping[str, Any]], list[Row]] | None = None
    params: Callable[[dict[str, str]], dict[str, str]] | None = None
    importing: Importing | None = None
    from_files: bool = True
    notify: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    dates: tuple[Dated, ...] = ()
    nav: bool = True
    administration: bool = False

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """The declared fields by their names."""
        return {one.name: one for one in self.fields}

    @cached_property
    def machine(self) -> Machine | None:
        """The state machine of the module's records, where they have one."""
        return Machine.of(self.model) if issubclass(self.model, Workflow) else None

    @cached_property
    def subject(self) -> str:
        """What history, notes and alerts call this kind of record ("leads.lead")."""
        return self.model._meta.label_lower

    @property
    def states(self) -> tuple[str, ...]:
        """The states of the machine, in its order; empty without one."""
        return tuple(self.machine.states) if self.machine else ()

    def kind_at(self, path: str) -> str | None:
        """The kind of the column at the end of a condition's path ("account.region").

        None where there is none, where the path leads to many records, and for a value that no module of
        that record shows: whoever writes conditions could else find out a password, letter by letter.
        """
        if path == "pk":
            return "uuid"
        *way, last = path.split(".")
        here: Any = self.model
        try:
            for part in way:
                relation = here._meta.get_field(part)
                if not (relation.many_to_one or relation.one_to_one):
                    return None
                here = relation.related_model
            column = resolve_column(here, last)
            kind = _kind(column)
        except (FieldDoesNotExist, AttributeError, ImproperlyConfigured):
            return None
        if column.is_relation or column.primary_key or kind == "boolean":
            return kind
        module = for_model(here)
        shown = module is not None and any(one.path == last and not one.hidden for one in module.fields)
        return kind if shown else None

    def rows(self) -> models.QuerySet[Any]:
        """All records of the module, unscoped: only `prm.access` may ask for them on a user's behalf."""
        return self.model._default_manager.order_by()

    def field(self, name: str) -> Field:
        """The declared field, or LookupError."""
        try:
            return self.by_name[name]
        except KeyError:
            raise LookupError(f"{self.key} has no field {name!r}") from None


_modules: dict[str, Module] = {}
_by_subject: dict[str, Module] = {}


def register(module: Module) -> Module:
    """Adds a module. Raises ImproperlyConfigured where the description does not hold together."""
    if module.key in _modules:
        raise ImproperlyConfigured(f"module {module.key!r} is registered twice")
    module = _with_defaults(module)
    _verify(module)
    _modules[module.key] = module
    _by_subject.setdefault(module.subject, module)
    return module


def unregister(key: str) -> None:
    """Takes a module out again (a test's own, or one that an administrator deleted)."""
    module = _modules.pop(key)
    if _by_subject.get(module.subject) is module:
        del _by_subject[module.subject]


def get(key: str) -> Module:
    """The module called `key`, or LookupError."""
    try:
        return _modules[key]
    except KeyError:
        raise LookupError(f"no module {key!r}") from None


def all_modules() -> tuple[Module, ...]:
    """Every module, in the order of registration."""
    return tuple(_modules.values())


def for_model(model: type[models.Model]) -> Module | None:
    """The module that describes `model`, if one does."""
    return _by_subject.get(model._meta.label_lower)


def for_subject(subject: str) -> Module | None:
    """The module of "leads.lead", if there is one."""
    return _by_subject.get(subject)


def _with_defaults(module: Module) -> Module:
    names = tuple(one.name for one in module.fields if not one.hidden)
    resolved = []
    for one in module.fields:
        if one.kind == "reference" and not one.module and one.stored:
            related = resolve_column(module.model, one.path).related_model
            resolved.append(replace(one, module=_key_of(cast("type[models.Model]", related))))
        else:
            resolved.append(one)
    return replace(
        module,
        fields=tuple(resolved),
        columns=module.columns or names[:6],
        card=module.card or module.columns[:4] or names[:4],
        layout=module.layout or (Section(module.label, names),),
    )


#: Keys of modules by model label, known before the modules themselves are registered.
_reference_keys: dict[str, str] = {}


def _key_of(model: type[models.Model]) -> str:
    return _reference_keys.get(model._meta.label_lower, "")


def announce(modules: Iterable[Module]) -> None:
    """Makes known which model belongs to which key, so that references find modules of later apps."""
    for module in modules:
        _reference_keys.setdefault(module.model._meta.label_lower, module.key)


def _verify(module: Module) -> None:
    def known(where: str, names: Sequence[str]) -> None:
        for name in names:
            if name.removeprefix("-") not in module.by_name:
                raise ImproperlyConfigured(f"{module.key}: {where} names {name!r}, which is no field")

    if not module.grants:
        raise ImproperlyConfigured(f"{module.key}: a module without a policy does not start")
    if "administrator" not in module.grants:
        raise ImproperlyConfigured(f"{module.key}: the administrator portal needs a grant")
    known("title", (module.title,))
    for where in ("columns", "card", "search", "filters", "ordering"):
        known(where, getattr(module, where))
    known("default_ordering", (module.default_ordering,))
    if module.default_ordering.removeprefix("-") not in module.ordering:
        raise ImproperlyConfigured(f"{module.key}: default_ordering is not in ordering")
    if module.board:
        known("board", (module.board,))
    for section in module.layout:
        known("layout", section.fields)
    for dated in module.dates:
        known("dates", (dated.field,))
        if not {dated.field, "state"} <= set(module.filters) or dated.field not in module.ordering:
            raise ImproperlyConfigured(
                f"{module.key}: dates names {dated.field!r}, by which it can be neither filtered nor ordered"
            )
    known("stands_in_for", [one.stands_in_for for one in module.fields if one.stands_in_for])
    if module.importing:
        named = (
            module.importing.key,
            *module.importing.known_by,
            *module.importing.fields,
            *module.importing.once,
        )
        known("importing", named)
    for where in ("search", "filters", "ordering"):
        for name in getattr(module, where):
            if not module.field(name).stored:
                raise ImproperlyConfigured(f"{module.key}: {where} names {name!r}, which has no column")
    for one in module.fields:
        if one.stored:
            resolve_column(module.model, one.path)
