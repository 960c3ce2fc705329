"""Writes that are no transition: create, update and delete, the same for every module."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, ProtectedError, RestrictedError
from django.utils import timezone
from django.utils.translation import gettext as _

from prm.access.rights import Rights, rights_for
from prm.access.specs import WRITE
from prm.modules.policy import resolve_reference
from prm.modules.registry import Field, Module
from prm.modules.versions import version_matches
from workflows import ports
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput, NotFound, Reason, Refused, Stale, WorkflowError
from workflows.inputs import clean, plain
from workflows.locking import lock
from workflows.perform import record_creation, record_update
from workflows.units import unit_of_work


def form_fields(user: Any, module: Module, obj: Model | None = None) -> dict[str, Field]:
    """The fields that a form may show to this user, of this record or a new one, in layout order."""
    return _laid_out(module, rights_for(user).writable(module, obj))


def _laid_out(module: Module, names: set[str]) -> dict[str, Field]:
    ordered = [name for section in module.layout for name in section.fields if name in names]
    ordered += [field.name for field in module.fields if field.name in names and field.name not in ordered]
    return {name: module.field(name) for name in ordered}


def create(actor: Actor, module: Module, data: Mapping[str, Any]) -> Any:
    """Makes a record of what the actor may set; the rest is the module's to prepare. Returns it.

    Raises NotFound (module not granted), Denied, InvalidInput.
    """
    rights = rights_for(actor.user)
    if not rights.may(module, "create"):
        raise Denied() if rights.may(module, "view") else NotFound()
    fields = form_fields(actor.user, module)
    values = _cleaned(rights, module, fields, data)
    obj = module.model()
    for name, value in values.items():
        if value is not None or name in data:
            _assign(obj, module.field(name), value)
    with unit_of_work():
        # Within it, so that what it relies on stays locked until the record is there.
        if module.prepare:
            module.prepare(obj, actor)
        if module.check:
            module.check(obj, set(values))
        _validate(obj, None, set(fields))
        obj.save(force_insert=not obj._meta.parents)
        _check_made(rights, module, obj, set(data))
        record_creation(obj, actor)
    return obj


@dataclass(frozen=True)
class Change:
    """What became of one record: `former` has the values before, as they would be sent, of what changed."""

    id: str
    obj: Any = None
    former: Mapping[str, Any] = field(default_factory=dict)
    error: WorkflowError | None = None


def update(
    actor: Actor,
    module: Module,
    pk: Any,
    data: Mapping[str, Any],
    expected_version: str | None = None,
    alongside: Callable[[Any], set[str]] | None = None,
) -> Any:
    """Changes the given fields of a record and returns it, like `change`."""
    return change(actor, module, pk, data, expected_version, alongside).obj


def change(
    actor: Actor,
    module: Module,
    pk: Any,
    data: Mapping[str, Any],
    expected_version: str | None = None,
    alongside: Callable[[Any], set[str]] | None = None,
) -> Change:
    """Changes the given fields of a record; fields that are not in `data` stay as they are.

    expected_version: the opaque version that the change was made on. alongside(obj): writes what belongs to
    the record in the same change (its lines), and names for the history what it wrote. Raises NotFound,
    Denied, Stale, InvalidInput.
    """
    rights = rights_for(actor.user)
    with unit_of_work():
        obj = _locked(rights, module, pk, "edit", expected_version)
        fields = form_fields(actor.user, module, obj)
        given = {name: field for name, field in fields.items() if name in data}
        values = _cleaned(rights, module, given, data)
        changed = {name for name, value in values.items() if _differs(obj, module.field(name), value)}
        former = {name: _sent(obj, module.field(name)) for name in sorted(changed)}
        for name in changed:
            _assign(obj, module.field(name), values[name])
        more = alongside(obj) if alongside else set()
        if not changed and not more:
            return Change(str(obj.pk), obj)
        touched = module.check(obj, changed | more) if module.check else None
        _validate(obj, changed, set(given))
        obj.version += 1
        obj.updated_at = timezone.now()
        columns = {module.field(name).path for name in changed} | set(touched or ())
        obj.save(update_fields=columns | {"version", "updated_at"})
        record_update(obj, actor, sorted(changed | more))
    return Change(str(obj.pk), obj, former)


def change_many(
    actor: Actor,
    module: Module,
    ids: Iterable[Any],
    data: Mapping[str, Any],
    versions: Mapping[str, str] | None = None,
) -> list[Change]:
    """The same change of each record in a transaction of its own; one answer for each id, in their order.

    versions: the opaque version that was shown of a record, by id.
    """
    answers = []
    for each in dict.fromkeys(str(one) for one in ids):
        try:
            answers.append(change(actor, module, each, data, (versions or {}).get(each)))
        except WorkflowError as error:
            answers.append(Change(each, error=error))
    return answers


def editable_fields(user: Any, module: Module) -> dict[str, Field]:
    """The fields that the user may change on some record, in layout order."""
    scopes = rights_for(user).scopes(module.key, "edit")
    states = (None, *module.states)
    names = {
        one.name
        for one in module.fields
        if one.edit
        and not one.hidden
        and any(scope.level(one.name, state) == WRITE for scope in scopes for state in states)
    }
    return _laid_out(module, names)


def delete(actor: Actor, module: Module, pk: Any, expected_version: str | None = None) -> None:
    """Deletes a record; its history stays. Raises NotFound, Denied, Stale, Refused (others need it)."""
    rights = rights_for(actor.user)
    with unit_of_work():
        obj = _locked(rights, module, pk, "delete", expected_version)
        event = ports.Event(obj=obj, name=f"{obj._meta.model_name}.deleted", actor=actor)
        try:
            ports.publish(event)
            obj.delete()
        except (ProtectedError, RestrictedError):
            reason = _("Other records refer to it, so it cannot be deleted.")
            raise Refused([Reason("in_use", reason)]) from None


def _check_made(rights: Rights, module: Module, obj: Any, given: set[str]) -> None:
    """Holds the new record against the scopes that reach it: only those say what could be set on it."""
    scopes = rights.matching(module, obj, "create")
    if not scopes:
        raise Denied(_("A record like this is not yours to create."))
    refused = [name for name in given if not any(scope.level(name, None) == WRITE for scope in scopes)]
    if refused:
        raise InvalidInput({name: [_("You may not set this field.")] for name in refused})


def _locked(rights: Rights, module: Module, pk: Any, verb: str, expected_version: str | None) -> Any:
    """The record, locked, if the user may see it and do `verb` to it in this version."""
    try:
        obj = lock(module.model, module.model._meta.pk.to_python(pk))
    except ValidationError:
        obj = None
    if obj is None or not rights.may(module, "view", obj):
        raise NotFound()
    if not rights.may(module, verb, obj):
        raise Denied()
    if expected_version is not None and not version_matches(obj, expected_version):
        raise Stale()
    return obj


def _cleaned(
    rights: Rights, module: Module, fields: Mapping[str, Field], data: Mapping[str, Any]
) -> dict[str, Any]:
    """The values as Python has them. Errors name every field that is unknown, not one's to set, or wrong."""
    readable = rights.readable(module)
    errors: dict[str, list[str]] = {
        name: [_("You may not set this field.") if name in readable else _("There is no such field.")]
        for name in data
        if name not in fields
    }
    known = {name: value for name, value in data.items() if name in fields}
    values: dict[str, Any] = {}
    try:
        values = clean(fields, known, lambda key, pk: resolve_reference(rights.user, key, pk))
    except InvalidInput as error:
        errors |= error.errors
    if errors:
        raise InvalidInput(errors)
    return values


def _assign(obj: Any, field: Field, value: Any) -> None:
    column = obj._meta.get_field(field.path)
    if value is None and not column.null and not column.is_relation:
        # Text columns say "nothing" with the empty text.
        value = column.get_default() if column.has_default() else ""
    setattr(obj, field.path, value)


def _sent(obj: Any, field: Field) -> Any:
    """The present value as somebody would send it; of a reference, its id."""
    column = obj._meta.get_field(field.path)
    return plain(getattr(obj, column.attname if column.is_relation else field.path))


def _differs(obj: Any, field: Field, value: Any) -> bool:
    present = getattr(obj, field.path)
    if value is None and present in ("", None):
        return False
    return bool(present != value)


def _validate(obj: Any, changed: set[str] | None, shown: set[str]) -> None:
    """The model's own rules, for the `changed` fields or all; errors of fields not `shown` have no name."""
    exclude = {"id", "state"}
    if changed is not None:
        exclude |= {column.name for column in obj._meta.concrete_fields} - changed
    # A rule over several fields is asked where one of them has changed, whatever became of the others.
    alone = exclude - _ruled_with(obj, changed) if changed else exclude
    # A reference was found among the visible rows a moment ago; asking for it again would tell no more.
    found = {
        column.name
        for column in obj._meta.concrete_fields
        if column.is_relation and getattr(obj, column.attname) is not None
    }
    try:
        obj.clean_fields(exclude=exclude | found)
        obj.clean()
        obj.validate_unique(exclude=alone)
        obj.validate_constraints(exclude=alone)
    except ValidationError as error:
        errors: dict[str, list[str]] = {}
        for name, problems in error.update_error_dict({}).items():
            messages = [message for one in problems for message in one.messages]
            errors.setdefault(name if name in shown else "", []).extend(messages)
        raise InvalidInput(errors) from None


def _ruled_with(obj: Any, changed: set[str]) -> set[str]:
    """The fields that a rule of the table names together with a changed one."""
    found: set[str] = set()
    for _model, constraints in obj.get_constraints():
        for one in constraints:
            condition = getattr(one, "condition", None)
            names = {*getattr(one, "fields", ()), *(condition.referenced_base_fields if condition else ())}
            if names & changed:
                found |= names
    return found
