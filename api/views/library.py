"""What only the library has: the bytes of a version, and adding the next one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseBase
from django.urls import reverse
from rest_framework.request import Request

from api import shapes
from api.views.base import ModuleView, Told, record_answer
from api.views.files import PARTS, UploadsView, UploadView, form, is_form
from api.views.hanging import no_references
from prm.access.rights import visible
from prm.files.content import digest
from prm.library import actions
from prm.library.models import Document, DocumentVersion
from prm.library.serving import give
from prm.modules import registry
from prm.modules.read import get_row
from prm.modules.render import to_json
from workflows.inputs import Input, clean

NOTES = Input(kind="text", label="What is new", required=False, max_length=500)
SILENT = Input(kind="boolean", label="A small correction, of which nobody is told", required=False)
VERSION = {
    "link": Input(kind="url", label="Where it is", help="http or https.", required=False, max_length=500),
    "upload": Input(
        kind="text",
        label="A file that was sent in parts",
        help="The id of a complete upload.",
        required=False,
        max_length=36,
    ),
    "notes": NOTES,
    "silent": SILENT,
}


class VersionsView(ModuleView):
    """`/documents/{id}/versions/`: adds a file, whole or in parts sent before, or a link."""

    def post(self, request: Request, module: str, id: UUID) -> HttpResponse:
        document: Any = self.find(id)
        upload: Any = None
        if is_form(request._request):
            upload, given = form(request._request, {"notes": NOTES, "silent": SILENT})
            data = {**given, "name": upload.name, "sha256": digest(upload)}
        else:
            data = self.data(shapes.inputs(VERSION))
            given = clean(VERSION, data, no_references)

        def effect() -> Told:
            made = actions.add_version(
                self.actor,
                document,
                upload=upload,
                sent=given.get("upload") or "",
                link=given.get("link") or "",
                notes=given.get("notes") or "",
                silent=bool(given.get("silent")),
            )
            return self.told_version(made.pk)

        told = self.once(data, effect, lambda told: self.told_version(told.data["id"]))
        place = reverse("api:record", args=("document-versions", told.data["id"]))
        return record_answer(told, {"Location": request._request.build_absolute_uri(place)})

    def told_version(self, pk: Any) -> Told:
        """The version as the caller may read it now. Raises Http404 where they may not see it."""
        versions = registry.get("document-versions")
        row = get_row(self.user, versions, pk)
        if row is None:
            raise Http404
        return Told(201, to_json(versions, row))


class VersionUploadsView(UploadsView):
    """`/documents/{id}/versions/uploads/`: begins the file of the next version."""

    purpose = actions.VERSION
    inputs = PARTS


class VersionUploadView(UploadView):
    """`/documents/{id}/versions/uploads/{upload}/`: how far it is, the next part, and giving it up."""

    purpose = actions.VERSION


class FileView(ModuleView):
    """A view that gives one version out: to who may see it and its document at that moment."""

    http_method_names = ("get", "head", "options")

    def given(self, document: Document | None, version: DocumentVersion | None) -> HttpResponseBase:
        """The version, where there is one that the caller may see."""
        if document is None or version is None:
            raise Http404
        return give(self.request._request, self.user, document, version)


class DocumentFileView(FileView):
    """`/documents/{id}/file/`: the newest version."""

    def get(self, request: Request, module: str, id: UUID) -> HttpResponseBase:
        document: Any = self.find(id)
        rows = visible(self.user, registry.get("document-versions")).filter(document=document)
        return self.given(document, rows.select_related("content").order_by("-number").first())


class VersionFileView(FileView):
    """`/document-versions/{id}/file/`: this version."""

    def get(self, request: Request, module: str, id: UUID) -> HttpResponseBase:
        version: Any = self.find(id)
        documents = visible(self.user, registry.get("documents"))
        return self.given(documents.filter(pk=version.document_id).first(), version)
