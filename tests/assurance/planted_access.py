"""Faults of authorisation, each one patch, that G1 must catch: the list for G2.

The sentence is what somebody could have written by mistake. channels and people say where it shows, so that a
run need not ask everything; a fault that is found only there is a fault found.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from unittest import mock

from django.core.exceptions import PermissionDenied
from django.db.models import F, Model, Q
from django.shortcuts import get_object_or_404

from api.views import base, hanging
from api.views import library as library_api
from frontend.requests import module_or_404
from frontend.views import search as finder
from frontend.views_jobs import library as library_pages
from prm.access import policy, rights
from prm.access.parameters import _providers
from prm.access.policy import CompiledScope, policy_of
from prm.access.rights import Rights
from prm.alerts import words
from prm.imports import exporting
from prm.library.models import DocumentVersion
from prm.modules import actions, columns, history, kept, paging, read, reader, versions
from prm.modules import filters as filtering
from prm.people.models import User
from prm.quotes import printing
from prm.records import queries
from workflows.errors import InvalidInput

Patch = AbstractContextManager[Any]


@dataclass(frozen=True)
class Planted:
    """One fault. modules: those that are asked; empty for all."""

    sentence: str
    patch: Callable[[], Patch]
    channels: tuple[str, ...] = ("detail", "list")
    people: tuple[str, ...] = ("alice", "bob", "dana")
    modules: tuple[str, ...] = ()
    twins: bool = False


@cache
def _administrator() -> Any:
    return User.objects.get(is_superuser=True)


def as_administrator(module: Any, name: str) -> Patch:
    """`module.name(user, …)` reads with an administrator's rights, whoever asks."""
    right = getattr(module, name)

    def wrong(user: Any, *given: Any, **more: Any) -> Any:
        return right(_administrator(), *given, **more)

    return mock.patch.object(module, name, wrong)


def attribute(owner: Any, name: str) -> Callable[[Callable[..., Any]], Callable[[], Patch]]:
    """Puts `wrong(right, …)` in place of an attribute, which it is given to call."""

    def decorate(wrong: Callable[..., Any]) -> Callable[[], Patch]:
        def plant() -> Patch:
            right = getattr(owner, name)
            return mock.patch.object(owner, name, lambda *given, **more: wrong(right, *given, **more))

        return plant

    return decorate


# --- fields ---------------------------------------------------------------------------------------------


@attribute(columns, "masked")
def mask_forgotten(right: Any, path: str, where: Any) -> Any:
    return F(path)


@attribute(CompiledScope, "readable")
def state_forgotten(right: Any, scope: CompiledScope, field: str, states: Any) -> Any:
    return True if right(scope, field, states) else frozenset()


@contextmanager
def unnamed_fields_shown() -> Iterator[None]:
    level, readable = CompiledScope.level, CompiledScope.readable

    def named(scope: CompiledScope) -> CompiledScope:
        return replace(scope, fields={"*": "read", **scope.fields})

    with (
        mock.patch.object(CompiledScope, "level", lambda scope, *given: level(named(scope), *given)),
        mock.patch.object(CompiledScope, "readable", lambda scope, *given: readable(named(scope), *given)),
    ):
        yield


@attribute(columns, "shown")
def scopes_united(right: Any, asked: Rights, module: Any, name: str, prefix: str = "") -> Any:
    found = right(asked, module, name, prefix)
    return found if found is columns.NEVER or prefix else columns.ALWAYS


@attribute(columns, "both")
def target_not_asked(right: Any, first: Any, second: Any) -> Any:
    return first


@attribute(columns, "shown")
def titles_of_targets(right: Any, asked: Rights, module: Any, name: str, prefix: str = "") -> Any:
    return columns.ALWAYS if prefix else right(asked, module, name, prefix)


@attribute(columns, "column")
def column_for_everybody(right: Any, asked: Rights, module: Any, field: Any) -> Any:
    return right(Rights(_administrator()), module, field)


# --- rows -----------------------------------------------------------------------------------------------


@attribute(Rights, "reach")
def conditions_dropped(right: Any, asked: Rights, scopes: Any, prefix: str = "") -> Any:
    return None


@attribute(Rights, "reach")
def one_of_two_conditions(right: Any, asked: Rights, scopes: Any, prefix: str = "") -> Any:
    """Of conditions that stand together, only the last part counts: whose it is is not asked."""
    found = right(asked, scopes, prefix)
    return Q(*found.children[-1:]) if isinstance(found, Q) and len(found.children) > 1 else found


@attribute(Rights, "matching")
def every_scope_matches(right: Any, asked: Rights, module: Any, obj: Model, verb: str) -> Any:
    return asked.scopes(module.key, verb)


@attribute(Rights, "scopes")
def admins_not_asked(right: Any, asked: Rights, key: str, verb: str | None = None) -> Any:
    grant = asked.policy.grants.get(key)
    right(asked, key, verb)
    return tuple(one for one in grant.scopes if verb is None or one.allows(verb)) if grant else ()


@attribute(Rights, "scopes")
def no_grant_means_all(right: Any, asked: Rights, key: str, verb: str | None = None) -> Any:
    if key in asked.policy.grants or not asked.policy.portal:
        return right(asked, key, verb)
    return Rights(_administrator()).scopes(key, verb)


@contextmanager
def no_portal_means_all() -> Iterator[None]:
    right = policy_of

    def wrong(portal: Any) -> Any:
        return right(portal) if portal else right(_administrator().portal)

    with mock.patch.object(rights, "policy_of", wrong):
        yield


@attribute(kept, "values_of")
def ids_of_another(right: Any, asked: Rights, pks: Any = ()) -> Any:
    other = User.objects.filter(contact__company__name__contains="zq").exclude(pk=asked.user.pk)
    other = other.exclude(contact__company_id=asked.user.company_id).first()
    return right(Rights(other) if asked.user.company_id else asked, pks)


@contextmanager
def values_of_the_first_reader() -> Iterator[None]:
    wrong = ids_of_another()
    with wrong, mock.patch.object(read, "values_of", kept.values_of):
        yield


@contextmanager
def statements_of_any_policy() -> Iterator[None]:
    right, statements = kept.keep, {}

    def wrong(asked: Rights, module: Any, shape: Any, make: Any) -> Any:
        if (module, shape) not in statements:
            statements[module, shape] = right(Rights(_administrator()), module, shape, make)
        return statements[module, shape]

    with mock.patch.object(read, "keep", wrong):
        yield


def _provided_to_all(name: str, model: str) -> Callable[[], Patch]:
    from django.apps import apps

    def every(user: Any) -> Any:
        return list(apps.get_model(model)._default_manager.order_by("pk").values_list("pk", flat=True))

    return lambda: mock.patch.dict(_providers, {name: every})


# --- lists ----------------------------------------------------------------------------------------------


@attribute(reader, "apply_filters")
def filters_of_the_table(right: Any, rows: Any, shown: Any, params: Any) -> Any:
    made = filtering.filters_of

    def raw(field: Any, main: str) -> Any:
        return made(field, field.path)

    with mock.patch.object(filtering, "filters_of", raw):
        return right(rows, shown, params)


@attribute(reader, "apply_filters")
def filters_of_hidden_fields(right: Any, rows: Any, shown: Any, params: Any) -> Any:
    names = {name.partition("__")[0] for name in params}
    hidden = [
        name for name in names if name in shown.module.filters and not shown.get(name) and params.get(name)
    ]
    for name in hidden:
        field = shown.module.field(name)
        made = filtering.filters_of(field, field.path)[name]
        rows = made.filter(rows, made.field.clean(params[name]))
    return right(rows, shown, {name: text for name, text in params.items() if name not in hidden})


@attribute(paging.Order, "apply")
def order_of_the_table(right: Any, order: Any, rows: Any, backwards: bool) -> Any:
    column = order.column
    if column.field.kind == "reference":
        return right(order, rows, backwards)
    return right(paging.Order(replace(column, sort=column.field.path), order.descending), rows, backwards)


@attribute(read, "list_page")
def count_of_all(right: Any, user: Any, module: Any, *given: Any, **more: Any) -> Any:
    page = right(user, module, *given, **more)
    return page if page.count is None else replace(page, count=module.rows().count())


@contextmanager
def counted_before_scoping() -> Iterator[None]:
    from api.views import records

    with count_of_all(), mock.patch.object(records, "list_page", read.list_page):
        yield


@contextmanager
def search_in_hidden_fields() -> Iterator[None]:
    from prm.search import find

    with mock.patch.object(find, "shown", return_value=columns.ALWAYS):
        yield


@contextmanager
def search_of_everybody() -> Iterator[None]:
    right = reader._search

    def wrong(rows: Any, shown: Any, text: str) -> Any:
        other = reader.Reader(Rights(_administrator()), shown.module, ())
        return rows.filter(pk__in=right(other.rows(), other.columns, text).order_by().values("pk"))

    with mock.patch.object(reader, "_search", wrong):
        yield


# --- what is told ---------------------------------------------------------------------------------------


@attribute(Rights, "history")
def history_of_all_parties(right: Any, asked: Rights, module: Any, obj: Model) -> Any:
    with mock.patch.object(asked, "policy", replace(asked.policy, staff=True)):
        return right(asked, module, obj)


@attribute(history, "names")
def history_names_everybody(right: Any, user: Any, ids: Any) -> Any:
    return replace(right(user, ids := list(ids)), known=frozenset(ids))


@attribute(history, "names")
def history_tells_reasons(right: Any, user: Any, ids: Any) -> Any:
    return replace(right(user, ids := list(ids)), colleagues=frozenset(ids))


@attribute(hanging, "names")
def notes_name_everybody(right: Any, user: Any, ids: Any) -> Any:
    return replace(right(user, ids := list(ids)), known=frozenset(ids))


@attribute(Rights, "readable")
def inputs_of_every_field(right: Any, asked: Rights, module: Any, obj: Any = None) -> Any:
    return {one.name for one in module.fields} if obj is not None else right(asked, module, obj)


@attribute(queries, "readable")
def notes_of_all_parties(right: Any, model: Any, user: Any) -> Any:
    return model._default_manager.filter(internal=False) if user.company_id else right(model, user)


@attribute(queries, "readable")
def internal_notes(right: Any, model: Any, user: Any) -> Any:
    rows = model._default_manager.all()
    return rows.filter(party_id=user.company_id) if user.company_id else right(model, user)


@attribute(words, "mark")
def alerts_read_for_the_first(right: Any, user: Any, module: Any, names: Any = ()) -> Any:
    return module.key


@attribute(words, "_words")
def alerts_name_the_actor(right: Any, user: Any, alert: Any, row: Any, deed: Any, *more: Any) -> Any:
    told = right(user, alert, row, deed, *more)
    if deed and row is not None:
        told.by, told.reason = deed.actor, deed.reason
    return told


@contextmanager
def files_by_their_id_in_the_api() -> Iterator[None]:
    """Document and version are looked up among all there are."""

    def found(view: Any, pk: Any) -> Any:
        return view.module.rows().filter(pk=pk).first()

    with (
        mock.patch.object(library_api.FileView, "find", found),
        mock.patch.object(library_api, "visible", lambda user, module: module.rows()),
    ):
        yield


@attribute(library_pages, "_version_or_404")
def files_by_their_id_on_pages(right: Any, request: Any, pk: Any, version: Any) -> Any:
    """The link on the page leads only to one's own, so nobody asks again."""
    module_or_404(request.user, "documents")
    found = get_object_or_404(DocumentVersion, pk=version, document=pk)
    return found.document, found


@attribute(printing, "document")
def whole_document(right: Any, quote: Any, user: Any = None) -> Any:
    return right(quote)


@attribute(hanging, "explained")
def everything_is_explained_as_allowed(right: Any, *given: Any, **more: Any) -> Any:
    return replace(right(*given, **more), allowed=True)


@attribute(base.ModuleView, "row")
def foreign_is_forbidden(right: Any, view: Any, pk: Any) -> Any:
    found = right(view, pk)
    if found is None and view.module.rows().filter(pk=pk).exists():
        raise PermissionDenied
    return found


@attribute(base.ModuleView, "find")
def found_without_asking(right: Any, view: Any, pk: Any) -> Any:
    return view.module.rows().filter(pk=pk).first() or right(view, pk)


@contextmanager
def notes_without_asking() -> Iterator[None]:
    """What hangs on a record is found by its id, and nobody asks for the record."""

    def wrong(model: Any, user: Any, module: Any, obj: Any) -> Any:
        return model._default_manager.filter(subject=module.subject, object_id=obj.pk)

    with found_without_asking(), mock.patch.object(queries, "_on_record", wrong):
        yield


# --- writing and versions -------------------------------------------------------------------------------


@attribute(Rights, "writable")
def levels_of_writing_ignored(right: Any, asked: Rights, module: Any, obj: Any = None) -> Any:
    return {one.name for one in module.fields if one.edit} if obj is not None else right(asked, module, obj)


@attribute(actions, "form_fields")
def errors_tell_the_value(right: Any, user: Any, module: Any, obj: Any = None) -> Any:
    """The refusal is helpful and says what stands there now."""
    if obj is not None:
        values = {one.name: str(getattr(obj, one.name, "")) for one in module.fields if one.edit}
        allowed = right(user, module, obj)
        raise InvalidInput({name: [f"It is {text}."] for name, text in values.items() if name not in allowed})
    return right(user, module, obj)


@attribute(versions, "seal_version")
def plain_versions(right: Any, pk: Any, version: int) -> str:
    return str(version)


@contextmanager
def versions_are_counted() -> Iterator[None]:
    with plain_versions(), mock.patch.object(reader, "seal_version", versions.seal_version):
        yield


@attribute(versions, "etag")
def tag_of_the_version(right: Any, row: Any) -> str:
    return right({"version": row["version"], "id": row["id"]})


@attribute(versions, "etag")
def tag_of_hidden_values(right: Any, row: Any) -> str:
    """Made of the whole record as the table has it, which its reader may see a part of."""
    from prm.leads.models import Lead

    whole = Lead.objects.filter(pk=row["id"]).values().first() or {}
    return right({**row, "whole": json.dumps(whole, default=str)})


PLANTED: tuple[Planted, ...] = (
    Planted("A hidden value is fetched as it is: the mask is forgotten.", mask_forgotten),
    Planted(
        "A field that is hidden in some states is shown in all of them.",
        state_forgotten,
        modules=("gadgets",),
    ),
    Planted("A field that a scope does not name is shown.", unnamed_fields_shown, modules=("gadgets",)),
    Planted(
        "The fields of all scopes are united, whichever of them reaches the record.",
        scopes_united,
        modules=("leads", "opportunities", "users"),
    ),
    Planted("A reference is shown although its target is not.", target_not_asked),
    Planted(
        "The title of a reference is shown where its target hides it.",
        titles_of_targets,
        people=("fred",),
        modules=("leads",),
    ),
    Planted("Columns are kept for the first reader, an administrator.", column_for_everybody),
    Planted("The conditions of scopes are dropped from lists.", conditions_dropped),
    Planted("Of two conditions that must both hold, one is asked.", one_of_two_conditions),
    Planted(
        "A record that was found is not held against the conditions of scopes.",
        every_scope_matches,
        channels=("explain", "history", "form", "error"),
    ),
    Planted("Scopes for admins of a company count for everybody.", admins_not_asked, people=("bob", "dana")),
    Planted(
        "A module that is not granted is treated as if it were not restricted.",
        no_grant_means_all,
        people=("dana", "erin"),
    ),
    Planted(
        "A login without a portal gets the first portal there is.", no_portal_means_all, people=("nobody",)
    ),
    Planted(
        "A kept statement is run with the company of whom it was made for.",
        values_of_the_first_reader,
        people=("alice",),
    ),
    Planted("A statement is kept for a module and not for a policy.", statements_of_any_policy),
    Planted(
        "Every price book addresses every partner.",
        _provided_to_all("user.price_books", "catalog.PriceBook"),
        modules=("price-books", "price-book-entries"),
    ),
    Planted(
        "Every document of the library is meant for everybody.",
        _provided_to_all("user.documents", "library.Document"),
        modules=("documents", "document-versions"),
    ),
    Planted(
        "A filter compares with the column in place of what is shown.",
        filters_of_the_table,
        channels=("filter", "count"),
        modules=("leads", "gadgets", "quotes", "opportunities", "users"),
    ),
    Planted(
        "A filter by a field that is never shown works all the same.",
        filters_of_hidden_fields,
        channels=("filter", "count"),
        people=("alice", "dana"),
    ),
    Planted(
        "A list is sorted by the column in place of what is shown.",
        order_of_the_table,
        channels=("order",),
        modules=("leads", "gadgets", "quotes", "opportunities", "contacts"),
    ),
    Planted("The rows of a list are counted before they are scoped.", counted_before_scoping),
    Planted("A search looks into fields that are hidden.", search_in_hidden_fields, channels=("search",)),
    Planted(
        "A search looks into what administrators see of a record.", search_of_everybody, channels=("search",)
    ),
    Planted(
        "An export in the background is written with the rights of the system.",
        lambda: as_administrator(exporting, "list_page"),
        channels=("export", "XLSX"),
    ),
    Planted(
        "The finder looks with more rights than the reader has.",
        lambda: as_administrator(finder, "list_page"),
        channels=("finder",),
    ),
    Planted(
        "The history of a record is told from its beginning, to every partner.",
        history_of_all_parties,
        channels=("history",),
    ),
    Planted(
        "The history names people whom its reader may not see.",
        history_names_everybody,
        channels=("history",),
    ),
    Planted("The history tells the vendor's reasons.", history_tells_reasons, channels=("history",)),
    Planted(
        "The history tells inputs that are fields hidden on the record.",
        inputs_of_every_field,
        channels=("history",),
        modules=("leads", "opportunities"),
    ),
    Planted(
        "Notes of one partner stay for the next.", notes_of_all_parties, channels=("notes", "activities")
    ),
    Planted(
        "Notes name who wrote them to whoever reads them.",
        notes_name_everybody,
        channels=("notes", "activities"),
    ),
    Planted("Internal notes are told to the partner.", internal_notes, channels=("notes", "activities")),
    Planted(
        "What hangs on a record is found by the record's id alone.",
        notes_without_asking,
        channels=("notes", "activities"),
    ),
    Planted(
        "Alerts of several readers are read once, for the first of them.",
        alerts_read_for_the_first,
        channels=("socket",),
        people=("alice", "carol", "dana"),
    ),
    Planted(
        "Words of alerts are made of what administrators see.",
        lambda: as_administrator(words, "get_rows"),
        channels=("alerts", "mail", "socket"),
    ),
    Planted(
        "An alert names whoever did it, and why, to everybody.",
        alerts_name_the_actor,
        channels=("alerts", "mail", "socket"),
    ),
    Planted(
        "The PDF of a quote is the whole document, whoever reads it.",
        whole_document,
        channels=("PDF",),
        people=("fred",),
    ),
    Planted(
        "A file of the library is found by its id alone, in the API.",
        files_by_their_id_in_the_api,
        channels=("file",),
        modules=("documents", "document-versions"),
    ),
    Planted(
        "A file of the library is found by its id alone, where a page gives it out.",
        files_by_their_id_on_pages,
        channels=("file",),
        modules=("document-versions",),
    ),
    Planted(
        "Explaining says yes where the answer is no.",
        everything_is_explained_as_allowed,
        channels=("explain",),
    ),
    Planted("A record of another is answered with 403, so that it is there.", foreign_is_forbidden),
    Planted(
        "A record is found by its id, and only then is it asked what of it is shown.",
        lambda: as_administrator(base, "get_row"),
    ),
    Planted("Any field of a visible record can be set.", levels_of_writing_ignored, channels=("error",)),
    Planted(
        "The refusal of a change says what stands in the field.", errors_tell_the_value, channels=("error",)
    ),
    Planted(
        "A version is the number of changes, which tells of those one did not see.",
        versions_are_counted,
        channels=("ETag",),
        people=("alice",),
    ),
    Planted(
        "An ETag is made of the version, and two readers with other rights share a cached answer.",
        tag_of_the_version,
        channels=("ETag",),
        people=("alice",),
        modules=("leads", "opportunities"),
    ),
    Planted(
        "An ETag is made of the record as the table has it, so it changes with what is hidden.",
        tag_of_hidden_values,
        channels=("detail",),
        people=("alice",),
        modules=("leads",),
        twins=True,
    ),
)


@contextmanager
def planted(one: Planted) -> Iterator[None]:
    """The fault in place, with nothing kept from before it; and nothing of it kept afterwards."""
    with ExitStack() as stack:
        _forget()
        stack.callback(_forget)
        stack.enter_context(one.patch())
        yield


def _forget() -> None:
    kept._kept.clear()
    policy._compiled.clear()
    _administrator.cache_clear()
