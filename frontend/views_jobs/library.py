"""The library: what partners and customers may read or download, and what staff add to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from frontend.panels import Panel, panel
from frontend.requests import module_or_404, object_or_404, record_url
from frontend.views.records import record
from frontend.views_jobs import common
from prm.access.rights import may, readable_fields, rights_for, visible
from prm.files.kinds import EXTENSIONS
from prm.library import actions, queries
from prm.library.choices import TOLD, Kind
from prm.library.models import Document, DocumentVersion
from prm.library.serving import give
from prm.modules import registry
from prm.modules.read import BadQuery, get_row, list_page
from prm.modules.registry import Row
from prm.records.files import largest
from prm.records.models import Upload
from workflows.errors import InvalidInput, WorkflowError

SHOWN = ("title", "kind", "summary", "language", "product", "family", "pinned", "published_at", "state")
#: Cards of one kind on the first page, and on the page of a kind.
FEW, MANY = 6, 60
#: Parameters of the address: what narrows the list, and where in it a page begins.
NARROWING = ("search", "product", "family")
PLACE = ("pinned", "cursor")
NEWS = 4


@never_cache
@require_safe
def library(request: HttpRequest) -> HttpResponse:
    """Cards by kind; one kind, or what a search finds, as one list in pages. Filters are in the address."""
    module = module_or_404(request.user, "documents")
    kind, text = request.GET.get("kind", ""), request.GET.get("search", "")
    asked = _given(request.GET, NARROWING)
    if kind and kind not in Kind.values:
        raise Http404
    since = queries.visit(request.user)
    shelves: list[dict[str, Any]]
    try:
        if kind or asked:
            given = {**asked, **({"kind": kind} if kind else {}), **_given(request.GET, PLACE)}
            rows, following = _pinned_first(request.user, module, given, MANY)
            more = _address(_given(following, ("kind", *NARROWING, *PLACE))) if following else ""
            shelves = [{"title": dict(Kind.choices).get(kind, ""), "rows": rows, "more": more}]
        else:
            shelves = [_shelf(request, module, one) for one in Kind.values]
    except BadQuery as error:
        raise Http404 from error
    rows = [row for shelf in shelves for row in shelf["rows"]]
    _dress(request.user, rows, since)
    kinds = [(str(_("All")), _address(asked), not kind)]
    kinds += [(str(title), _address({**asked, "kind": one}), one == kind) for one, title in Kind.choices]
    context = {
        "shelves": [shelf for shelf in shelves if shelf["rows"]],
        "kinds": kinds,
        "kind": kind,
        "text": text,
        "narrowed": bool(kind or asked),
        "may_create": may(request.user, module, "create"),
        "staff": rights_for(request.user).policy.staff,
    }
    return render(request, "frontend/jobs/library.html", context)


def _address(params: dict[str, str]) -> str:
    url = reverse("library")
    return f"{url}?{urlencode(params)}" if params else url


def _given(params: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """Those of the parameters that are named and not empty."""
    return {name: value for name in names if (value := params.get(name, ""))}


def _shelf(request: HttpRequest, module: registry.Module, kind: str) -> dict[str, Any]:
    """The first cards of one kind."""
    rows, following = _pinned_first(request.user, module, {"kind": kind}, FEW)
    more = _address({"kind": kind}) if following else ""
    return {"title": dict(Kind.choices)[kind], "rows": rows, "more": more}


def _pinned_first(
    user: Any, module: registry.Module, given: dict[str, str], limit: int
) -> tuple[list[Row], dict[str, str] | None]:
    """A page of what is published, pinned ones first, then the newest, and the parameters of the next one.

    It is two lists, one behind the other: `pinned` and `cursor` say where in which of them the page begins.
    Raises BadQuery.
    """
    halves = ["true", "false"] if "pinned" in readable_fields(user, module) else [""]
    begin = given.get("pinned", halves[0])
    if begin not in halves:
        raise BadQuery({"pinned": ["There is no such place."]})
    params = {**given, "state": "published", "ordering": "-published_at"}
    rows: list[Row] = []
    for half in halves[halves.index(begin) :]:
        if half:
            params["pinned"] = half
        left = limit - len(rows)
        # Where the pinned ones fill the page, only whether there are others is asked.
        page = list_page(user, module, params, limit=max(left, 1), fields=SHOWN)
        if not left:
            return rows, params if page.rows else None
        rows += page.rows
        if page.next:
            return rows, page.next
        params.pop("cursor", None)
    return rows, None


def _dress(user: Any, rows: list[Row], since: Any) -> None:
    """Adds to each row its newest version, and whether it or that version is new to the reader."""
    found = queries.latest([row["id"] for row in rows])
    for row in rows:
        version = row["version_of"] = found.get(row["id"])
        came = (row["published_at"], version.created_at if version else None)
        row["new"] = bool(since and any(at > since for at in came if at))


def news(user: Any) -> list[Row]:
    """The latest of what is told, for a home page."""
    if not common.granted(user, "documents"):
        return []
    kinds = ",".join(sorted(TOLD))
    return common.rows(
        user, "documents", SHOWN, limit=NEWS, kind__in=kinds, state="published", ordering="-published_at"
    )


@require_safe
def document(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A document to read; for who edits it, its record with all that belongs to one."""
    module = module_or_404(request.user, "documents")
    found = object_or_404(request.user, module, pk)
    if may(request.user, module, "edit", found):
        return record(request, "documents", pk)
    row = get_row(request.user, module, pk)
    if row is None:
        raise Http404
    context = {"row": row, "panel": versions(request, found), "kind": dict(Kind.choices)[row["kind"]]}
    return render(request, "frontend/jobs/document.html", context)


@require_safe
def download(request: HttpRequest, pk: UUID, version: UUID) -> HttpResponseBase:
    """One version of a document: its file, or where its link leads."""
    document, one = _version_or_404(request, pk, version)
    return give(request, request.user, document, one)


def _version_or_404(request: HttpRequest, pk: UUID, version: UUID) -> tuple[Document, DocumentVersion]:
    document = object_or_404(request.user, module_or_404(request.user, "documents"), pk)
    rows = visible(request.user, module_or_404(request.user, "document-versions"))
    found = rows.filter(pk=version, document=document).select_related("content").first()
    if found is None:
        raise Http404
    return document, found


class VersionForm(forms.Form):
    """What a new version is made of; `actions.add_version` checks it and says what is wrong by field.

    upload: the file, where the page's script has sent it in parts before the form.
    """

    upload = forms.CharField(required=False, widget=forms.HiddenInput)
    file = forms.FileField(label=gettext_lazy("File"), required=False, allow_empty_file=True)
    link = forms.CharField(
        label=gettext_lazy("Or a link"),
        required=False,
        widget=forms.URLInput(attrs={"placeholder": "https://", "maxlength": 500}),
    )
    notes = forms.CharField(
        label=gettext_lazy("What is new"), required=False, widget=forms.TextInput(attrs={"maxlength": 500})
    )
    silent = forms.BooleanField(label=gettext_lazy("A small correction: tell nobody"), required=False)

    def __init__(self, document: Document, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files, auto_id="version-%s", use_required_attribute=False)
        self.fields["file"].widget.attrs["accept"] = ",".join(EXTENSIONS)
        self.largest_mb, self.largest_bytes = settings.MAX_FILE_MB, largest()
        if not document.tells:
            del self.fields["silent"]

    def keep(self, waiting: Upload | None) -> None:
        """Says at the field that the file has arrived and need not be sent again; or forgets it."""
        if waiting is None:
            # Its items: of what it holds itself, each name would have a list.
            self.data = dict(self.data.items(), upload="")
        else:
            arrived = _("%(name)s has arrived. Choose another file to send that one instead.")
            self["file"].help_text = arrived % {"name": waiting.name}


@require_http_methods(["GET", "HEAD", "POST"])
def add_version(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A new file or link. The form stands on the document's page; a refusal gets one of its own, as typed."""
    module = module_or_404(request.user, "documents")
    document = object_or_404(request.user, module, pk)
    if not may(request.user, module, "edit", document):
        raise Http404
    form = VersionForm(document, common.posted(request), common.files(request))
    if form.is_valid() and _added(request, document, form):
        common.say(request, True, _("The new version is there."))
        return redirect(f"{record_url(module, pk)}#versions")
    if form.is_bound:
        sent = "" if form["link"].value() else form["upload"].value()
        form.keep(actions.waiting(common.actor(request), document, sent) if sent else None)
    context = {"document": document, "form": form}
    return render(request, "frontend/jobs/document_version.html", context, status=422 if form.errors else 200)


def _added(request: HttpRequest, document: Document, form: VersionForm) -> bool:
    """Adds the version; where it is refused, the form says why at the field."""
    given = form.cleaned_data
    try:
        actions.add_version(
            common.actor(request),
            document,
            upload=given["file"],
            sent="" if given["file"] else given["upload"],
            link=given["link"],
            notes=given["notes"],
            silent=given.get("silent", False),
        )
    except InvalidInput as error:
        for name, texts in error.errors.items():
            # What is wrong with a file is said where it is chosen, however it came.
            name = "file" if name == "upload" else name
            form.add_error(name if name in form.fields else None, texts)
        return False
    except WorkflowError as error:
        raise Http404 from error
    return True


@panel("documents")
def versions(request: HttpRequest, document: Document) -> Panel:
    """The versions to download; for who keeps the library also how they are used, and adding one."""
    module = registry.get("documents")
    # Who reads what is for those who keep the library; an employee does not know the people outside.
    keeps = may(request.user, module, "edit", document)
    queries.note_reading(request.user, document)
    rows = visible(request.user, registry.get("document-versions")).filter(document=document)
    context = {
        "document": document,
        "versions": list(rows.select_related("content").order_by("-number")),
        "keeps": keeps,
        "readings": queries.who_read(document) if keeps else [],
        "form": VersionForm(document),
    }
    html = render_to_string("frontend/parts/document_panel.html", context, request)
    return Panel(html, frozenset({"document-versions"}), "frontend/library.css")
