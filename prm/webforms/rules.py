"""What a web form must be to be kept: what it asks for is its owner's to give, and enough for a record."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from prm.modules.actions import form_fields
from prm.modules.policy import resolve_reference
from prm.modules.registry import Module
from prm.webforms.fields import (
    CLOSED_FIELDS,
    asked,
    choosable,
    is_origin,
    module_of,
    names_of,
    open_modules,
    origins_of,
    read_fixed,
)
from prm.webforms.models import WebForm
from workflows.actor import Actor
from workflows.errors import InvalidInput

#: What the builder writes besides what people set in the generic form.
BUILT = frozenset({"module", "field_names", "fixed_values", "owner"})


def prepare(form: WebForm, actor: Actor) -> None:
    """A form acts with the rights of whoever built it."""
    form.owner = actor.user


def check(form: WebForm, changed: set[str]) -> set[str]:
    """Raises InvalidInput by field; gives the columns that the builder may have set besides."""
    errors: dict[str, list[str]] = {}
    module = module_of(form)
    owner = form.owner
    if changed & BUILT:
        if module is None or owner is None or module not in open_modules(owner):
            errors["module"] = [_("There is no such kind of record for you to make.")]
        else:
            _check_fields(form, module, owner, errors)
    for origin in origins_of(form):
        if not is_origin(origin):
            errors["origins"] = [
                _("“%(origin)s” is no site. Write it like https://www.example.com.") % {"origin": origin}
            ]
    if form.confirm and not errors and not any(one.kind == "email" for one in asked(form).values()):
        errors["confirm"] = [_("To confirm by mail, the form needs a field for an email address.")]
    if errors:
        raise InvalidInput(errors)
    form.origins = "\n".join(origins_of(form))
    return set(BUILT) | {"origins"}


def _check_fields(form: WebForm, module: Module, owner: Any, errors: dict[str, list[str]]) -> None:
    open_to, names = choosable(owner, module), names_of(form)
    unknown = [name for name in names if name not in open_to]
    if not names:
        errors["field_names"] = [_("Choose at least one field.")]
    elif unknown:
        errors["field_names"] = [_("A form cannot ask for: %(names)s.") % {"names": ", ".join(unknown)}]
    try:
        fixed = read_fixed(form.fixed_values)
    except ValueError as error:
        errors["fixed_values"] = [_("“%(line)s” is not of the form: field = value.") % {"line": error}]
        return
    wrong = []
    settable = form_fields(owner, module)
    for name, value in fixed.items():
        if name in names or name not in settable or name in CLOSED_FIELDS - {"owner", "partner"}:
            wrong.append(_("%(name)s cannot be fixed here.") % {"name": name})
            continue
        try:
            settable[name].clean(value, lambda key, pk: resolve_reference(owner, key, pk))
        except ValidationError as error:
            wrong.append(f"{name}: {' '.join(error.messages)}")
    if wrong:
        errors["fixed_values"] = wrong
    missing = [
        str(one.label)
        for name, one in settable.items()
        if one.required and one.initial is None and one.kind != "boolean" and name not in {*names, *fixed}
    ]
    if missing and "field_names" not in errors:
        errors["field_names"] = [_("A record also needs: %(names)s.") % {"names": ", ".join(missing)}]
