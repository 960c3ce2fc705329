"""An answer in words, for those who manage portals and for the user whom it is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from prm.access.explain.cases import Case, Check, Explanation, FieldLine, Question, Tellable, Verdict
from prm.access.policy import CompiledScope, ModuleLike
from prm.access.rights import Rights
from prm.access.specs import HIDDEN, READ, WRITE
from workflows.conditions import Condition, matches
from workflows.machine import Machine


def told_to_user(found: Explanation, *, state: bool = True) -> Explanation:
    """The part of an answer about somebody that they may read themselves.

    It names a scope only where that scope reaches the record for them, and neither conditions, values, levels
    nor what would have to be changed in the portal. Guards speak to whoever may start the transition. state:
    whether the user may read the state of the record.
    """
    if found.code == "wrong_state" and not state:
        found = replace(found, text=_("This is not possible as the record stands."))
    named = found.code in ("allowed", "guard", "wrong_state")
    text = found.text if named or found.code in ("not_granted", "no_action", "admins_only") else ""
    return replace(
        found,
        rule=found.rule if named or not found.scope else found.rule.removesuffix(f" / {found.scope}"),
        text=text
        or {
            "not_among_rows": _("You may do this with some records, but not with this one as it stands."),
            "hidden": _("This field is not shown to you on this record as it stands."),
            "read_only": _("You may read this field, but not change it on this record as it stands."),
        }.get("" if found.verb == "create" else found.code, _("This is not open to you.")),
        would_need="" if found.code in ("not_among_rows", "hidden", "read_only") else found.would_need,
        scope=found.scope if named else "",
        checks=(),
        changes=(),
        others=(),
    )


def field_lines(user: Any, module: ModuleLike, obj: models.Model) -> list[FieldLine]:
    """Every field of the module as the user has it on this record; no query more for each."""
    rights = Rights(user)
    state = getattr(obj, "state", None)
    seen, edited = rights.matching(module, obj, "view"), rights.matching(module, obj, "edit")
    lines = []
    for one in module.fields:
        writers = [scope for scope in edited if one.edit and scope.level(one.name, state) == WRITE and seen]
        readers = [scope for scope in seen if scope.level(one.name, state) in (READ, WRITE)]
        if one.hidden:
            level, why = HIDDEN, _("The module itself shows it to nobody.")
        elif readers and writers:
            level, why = WRITE, _("By %(scopes)s.") % {"scopes": names_of(writers)}
        elif readers:
            level, why = READ, _read_only(one, readers, edited, state)
        elif not seen:
            level, why = HIDDEN, _("The record is not among this user's.")
        else:
            level, why = HIDDEN, _hidden(module, seen, state)
        lines.append(FieldLine(one.name, str(getattr(one, "label", "") or one.name), level, why))
    return lines


def _read_only(
    one: Any, readers: Iterable[CompiledScope], edited: Iterable[CompiledScope], state: str | None
) -> str:
    if not one.edit:
        return _("By %(scopes)s; the module itself lets nobody change it.") % {"scopes": names_of(readers)}
    if not tuple(edited):
        return _("By %(scopes)s; none that reaches the record allows editing.") % {
            "scopes": names_of(readers)
        }
    return _("By %(scopes)s.") % {"scopes": names_of(readers)}


def _hidden(module: ModuleLike, scopes: Iterable[CompiledScope], state: str | None) -> str:
    said = {"scopes": names_of(scopes), "state": state_title(module, state)}
    return (
        _("Hidden by %(scopes)s in the state “%(state)s”.") % said
        if state
        else _("Hidden by %(scopes)s.") % said
    )


def names_of(scopes: Iterable[CompiledScope]) -> str:
    return ", ".join(f"“{scope.name}”" for scope in scopes)


def state_title(module: ModuleLike, state: str | None) -> str:
    machine: Machine | None = module.machine
    return machine.title(state) if machine and state else str(state or "")


def told(question: Question, case: Case, verdict: Verdict, tellable: Tellable) -> Explanation:
    module, verb = question.module, verdict.verb or question.verb
    portal = getattr(getattr(case.user, "portal", None), "key", "") or case.policy.portal or _("no portal")
    names = names_of(verdict.scopes)
    said = {
        "portal": portal,
        "module": module.key,
        "verb": verb,
        "scopes": names,
        "field": question.field,
        "user": str(case.user),
        "state": state_title(module, case.state),
        "why": " ".join(verdict.reasons),
    }
    text, need = _words(question, verdict, said)
    checks: tuple[Check, ...] = ()
    if verdict.code == "not_among_rows":
        checks = tuple(check for scope in verdict.scopes for check in _failing(scope, case, module, tellable))
    allowed = verdict.allowed
    scope = verdict.scopes[0].name if allowed and verdict.scopes else names
    return Explanation(
        allowed=allowed,
        rule=" / ".join(filter(None, (portal, module.key, scope))),
        text=text,
        would_need=need,
        code=verdict.code,
        verb=question.verb,
        field=question.field,
        portal=portal,
        scope=scope,
        checks=checks,
        reasons=verdict.reasons,
    )


def _words(question: Question, verdict: Verdict, said: Mapping[str, str]) -> tuple[str, str]:
    """The rule in a sentence, and what would be needed in a few words."""
    match verdict.code:
        case "allowed" if question.verb == "create" and question.field:
            return _("%(scopes)s of portal %(portal)s opens the field %(field)s of new records.") % said, ""
        case "allowed" if question.verb == "create":
            text = _("%(scopes)s of portal %(portal)s allows %(verb)s of what is then among its rows.")
            return text % said, ""
        case "allowed" if question.field:
            text = _("%(scopes)s of portal %(portal)s reaches this record and opens the field %(field)s.")
            return text % said, ""
        case "allowed":
            text = _("%(scopes)s of portal %(portal)s reaches this record and allows %(verb)s.")
            return text % said, ""
        case "inactive":
            return _("The login of %(user)s is not active.") % said, _("an active login")
        case "no_portal":
            return _("%(user)s has no portal.") % said, _("a portal")
        case "archived":
            return _("The portal %(portal)s is archived.") % said, _("the portal out of the archive")
        case "not_granted":
            text = _("Portal %(portal)s has no grant on %(module)s.")
            return text % said, _("a grant on %(module)s") % said
        case "no_action":
            text = _("No scope of portal %(portal)s on %(module)s allows %(verb)s.")
            return text % said, _("the action %(verb)s in a scope") % said
        case "admins_only":
            text = _("%(verb)s is for contacts with the Admin flag.")
            return text % said, _("the Admin flag on the user's contact")
        case "not_among_rows":
            text = _("%(verb)s is allowed in %(scopes)s, but this record is not among its rows as it stands.")
            return text % said, _("the record to come within %(scopes)s") % said
        case "hidden" | "read_only":
            return _field_words(question, verdict, said)
        case "hidden_by_module":
            return _("The module itself shows the field %(field)s to nobody.") % said, ""
        case "fixed_by_module":
            return _("The module itself lets nobody set the field %(field)s this way.") % said, ""
        case "not_for_people":
            return _("%(verb)s happens by itself; nobody is granted it.") % said, ""
        case "wrong_state":
            title = str(question.transition.title) if question.transition else ""
            text = _("“%(title)s” is not possible in the state “%(state)s”.") % {**said, "title": title}
            return text, _("the record in another state")
        case _:
            return said["why"], _("what the rule of the transition asks for")


def _field_words(question: Question, verdict: Verdict, said: Mapping[str, str]) -> tuple[str, str]:
    stateful = bool(said["state"]) and question.verb != "create"
    if verdict.code == "read_only":
        text = (
            _("The field %(field)s is only to be read in %(scopes)s in the state “%(state)s”.")
            if stateful
            else _("The field %(field)s is only to be read in %(scopes)s.")
        )
    else:
        text = (
            _("The field %(field)s is hidden by %(scopes)s in the state “%(state)s”.")
            if stateful
            else _("The field %(field)s is hidden by %(scopes)s.")
        )
    return text % said, _("another level of the field %(field)s") % said


def _failing(scope: CompiledScope, case: Case, module: ModuleLike, tellable: Tellable) -> Iterator[Check]:
    if scope.where is None:
        return
    rights = case.rights
    for leaf, negated in _culprits(scope.where, case.obj, rights.params, negated=False):
        path = leaf["field"]
        known = tellable(path)
        op = f"not {leaf['op']}" if negated else leaf["op"]
        yield Check(
            scope=scope.name,
            field=path,
            op=op,
            needs=_needed_text(case.obj, leaf, rights.params) if known else "…",
            found=found_text(case.obj, path) if known else "…",
        )


def _culprits(
    condition: Condition, obj: Any, params: Mapping[str, Any], *, negated: bool
) -> Iterator[tuple[Condition, bool]]:
    """The comparisons on which the condition (or, negated, its opposite) fails."""
    if matches(condition, obj, params) != negated:
        return
    if "field" in condition:
        yield condition, negated
    elif "not" in condition:
        yield from _culprits(condition["not"], obj, params, negated=not negated)
    else:
        for part in condition.get("all", condition.get("any", ())):
            yield from _culprits(part, obj, params, negated=negated)


def column_at(model: type[models.Model], path: str) -> Any:
    column: Any = None
    here: Any = model
    for name in path.split("."):
        column = here._meta.pk if name == "pk" else here._meta.get_field(name)
        here = column.related_model
    return column


def end_of(obj: Any, path: str) -> Any:
    """What stands at the end of the path; None where the way breaks off."""
    for name in path.split("."):
        obj = getattr(obj, name, None)
        if obj is None:
            return None
    return obj


def found_text(obj: Any, path: str) -> str:
    value = end_of(obj, path)
    return str(value) if value not in (None, "") else _("empty")


def _needed_text(obj: Any, leaf: Condition, params: Mapping[str, Any]) -> str:
    if "value" not in leaf:
        return ""
    given = leaf["value"] if isinstance(leaf["value"], list | tuple) else [leaf["value"]]
    return ", ".join(_value_text(obj, leaf["field"], one, params) for one in given)


def _value_text(obj: Any, path: str, value: Any, params: Mapping[str, Any]) -> str:
    parameter = ""
    if isinstance(value, str) and value.startswith("$"):
        parameter, value = value, params[value[1:]]
        if value is None:
            return _("%(parameter)s, which this user does not have") % {"parameter": parameter}
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(_value_text(obj, path, one, params) for one in value)
    return title_of(obj, path, value)


def title_of(obj: Any, path: str, value: Any) -> str:
    """A record by what it is called; any other value as it is."""
    related = getattr(column_at(type(obj), path), "related_model", None)
    if related is not None and value is not None:
        found = related._base_manager.filter(pk=value).first()
        return str(found) if found is not None else str(value)
    return str(value) if value not in (None, "") else _("empty")
