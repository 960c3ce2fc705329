"""Files on a record: sent whole, in parts, or fetched from the web; shown and given back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any, ClassVar
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request

from api import body, shapes
from api.problems import Problem
from api.views.base import ModuleView, Told, answer, page_of
from api.views.hanging import PAGES, no_references
from prm.files.models import StoredFile
from prm.files.serving import serve, serve_preview
from prm.files.store import discard
from prm.modules.naming import Names, names
from prm.modules.read import BadQuery
from prm.modules.render import plain
from prm.records import files, queries, uploads
from prm.records.models import File, Upload
from workflows.errors import InvalidInput
from workflows.inputs import Input, clean

INTERNAL = Input(kind="boolean", label="Only for the vendor's staff", required=False)
FROM_WEB = {
    "url": Input(kind="url", label="Where to fetch it", help="http or https, public.", max_length=2000),
    "internal": INTERNAL,
}
PARTS = {
    "name": Input(kind="text", label="Name", max_length=300),
    "size": Input(kind="integer", label="Bytes", help="Of the whole file.", min=1, max=10**12),
}
UPLOAD = {**PARTS, "internal": INTERNAL}
TRUTH = {"true": True, "false": False}


def file_json(file: File, named: Names) -> dict[str, Any]:
    """A file as it is returned; its content has a path of its own. named: whom the caller may be told of."""
    stored: StoredFile = file.stored  # type: ignore[assignment]
    told: dict[str, Any] = plain(
        {
            "id": file.pk,
            "name": file.name,
            "media_type": stored.media_type,
            "size": stored.size,
            "sha256": stored.sha256,
            "width": stored.width,
            "height": stored.height,
            "preview": stored.preview,
            "preview_pages": stored.preview_pages,
            "author": named.of(file.author) or None,
            "internal": file.internal,
            "created_at": file.created_at,
        }
    )
    return told


def files_json(user: Any, files: Sequence[File]) -> list[dict[str, Any]]:
    """Files as they are returned to this user."""
    named = names(user, (one.author_id for one in files))
    return [file_json(one, named) for one in files]


def upload_json(user: Any, upload: Upload) -> dict[str, Any]:
    """An upload as it is returned, with its file once there is one."""
    told: dict[str, Any] = plain(
        {
            "id": upload.pk,
            "name": upload.name,
            "size": upload.size,
            "offset": upload.offset,
            "part_size": uploads.PART,
            "expires_at": upload.expires_at,
            "complete": upload.complete,
        }
    )
    arrived = [upload.file] if upload.file is not None and upload.file.stored else []
    told["file"] = next(iter(files_json(user, arrived)), None)
    return told


def is_form(http: HttpRequest) -> bool:
    """Whether the body is a form with a file, rather than JSON."""
    return http.META.get("CONTENT_TYPE", "").lower().startswith("multipart/form-data")


def form(http: HttpRequest, beside: Mapping[str, Input]) -> tuple[Any, dict[str, Any]]:
    """The file of a form, and what stands beside it: of each boolean a boolean, false where it is not sent.

    Raises Problem 400 where the form is another one, InvalidInput where it has no file or a value is wrong.
    """
    fields = {"file", *beside}
    unknown = {name for name in http.POST if name not in fields} | (http.FILES.keys() - {"file"})
    wrong = {name: ["Unknown field."] for name in unknown}
    given: dict[str, Any] = {name: http.POST[name] for name in beside if name in http.POST}
    for name, one in beside.items():
        if len(http.POST.getlist(name)) > 1:
            wrong[name] = ["One at a time."]
        if one.kind == "boolean":
            said = given.get(name, "false").lower()
            given[name] = TRUTH.get(said)
            if given[name] is None:
                wrong[name] = ["true or false."]
    if len(http.FILES.getlist("file")) > 1:
        wrong["file"] = ["One at a time."]
    if "file" in http.POST:
        wrong["file"] = ["Send it as a file, with a name."]
    if wrong:
        raise body.malformed("The form does not have the fields that the schema describes.", wrong)
    upload = http.FILES.get("file")
    if upload is None:
        raise InvalidInput({"file": ["This is required."]})
    return upload, clean(beside, given, no_references)


class FilesView(ModuleView):
    """`…/files/`: what is on the record, and adding to it."""

    parameters = PAGES

    def get(self, request: Request, module: str, id: UUID) -> HttpResponse:
        rows = queries.files(self.user, self.module, self.find(id))
        page, following = page_of(request._request, rows)
        return answer({"results": files_json(self.user, page), "next": following})

    def post(self, request: Request, module: str, id: UUID) -> HttpResponse:
        obj = self.find(id)
        stored, data, internal = self.sent(obj) if is_form(request._request) else self.fetched(obj)
        used = False

        def effect() -> Told:
            nonlocal used
            file = files.attach(self.actor, self.module, obj, stored, internal=internal)
            used = True
            return Told(201, *files_json(self.user, [file]))

        def replayed(told: Told) -> Told:
            if not queries.files(self.user, self.module, obj).filter(pk=told.data["id"]).exists():
                raise Http404
            return told

        try:
            told = self.once(data, effect, replayed)
        finally:
            if not used:
                discard(stored)
        place = reverse("api:file", args=(self.module.key, id, told.data["id"]))
        return answer(told.data, told.status, {"Location": request._request.build_absolute_uri(place)})

    def sent(self, obj: Any) -> tuple[StoredFile, dict[str, Any], bool]:
        """The file of a form, what tells the request from others, and whether it is internal."""
        upload, given = form(self.request._request, {"internal": INTERNAL})
        stored = files.keep(self.actor, self.module, obj, upload, upload.name or "")
        return stored, {"name": stored.name, "sha256": stored.sha256, **given}, given["internal"]

    def fetched(self, obj: Any) -> tuple[StoredFile, dict[str, Any], bool]:
        """The same for a file of the web."""
        data = self.data(shapes.inputs(FROM_WEB))
        given = clean(FROM_WEB, data, no_references)
        stored = files.fetch(self.actor, self.module, obj, given["url"])
        return stored, data, bool(given.get("internal"))


class FileView(ModuleView):
    """`…/files/{file}/`: one file, without its content."""

    def file(self, id: UUID, file: UUID) -> File:
        return files.find(self.user, self.module, self.find(id), file)

    def get(self, request: Request, module: str, id: UUID, file: UUID) -> HttpResponse:
        [told] = files_json(self.user, [self.file(id, file)])
        return answer(told)

    def delete(self, request: Request, module: str, id: UUID, file: UUID) -> HttpResponse:
        files.remove(self.actor, self.module, self.find(id), file)
        return HttpResponse(status=204)


class ContentView(FileView):
    """`…/files/{file}/content/`: the bytes, with ranges."""

    http_method_names = ("get", "head", "options")

    def get(self, request: Request, module: str, id: UUID, file: UUID) -> HttpResponseBase:  # type: ignore[override]
        stored = self.file(id, file).stored
        if stored is None:
            raise Http404
        return serve(request._request, stored)


class PreviewView(FileView):
    """`…/files/{file}/preview/?page=`: a picture of what it shows."""

    http_method_names = ("get", "head", "options")
    parameters = frozenset({"page"})

    def get(self, request: Request, module: str, id: UUID, file: UUID) -> HttpResponseBase:  # type: ignore[override]
        text = request._request.GET.get("page", "1")
        if not (text.isascii() and text.isdigit() and 0 < len(text) < 4 and int(text) > 0):
            raise BadQuery({"page": ["A whole number from 1."]})
        stored = self.file(id, file).stored
        if stored is None:
            raise Http404
        return serve_preview(request._request, stored, int(text))


class UploadsView(ModuleView):
    """`…/uploads/`: begins a file that is sent in parts. inputs: what is said of it first."""

    purpose: ClassVar[uploads.Purpose] = uploads.FILE
    inputs: ClassVar[Mapping[str, Input]] = UPLOAD

    def post(self, request: Request, module: str, id: UUID) -> HttpResponse:
        data = self.data(shapes.inputs(self.inputs))
        obj = self.find(id)

        def effect() -> Told:
            given = clean(self.inputs, data, no_references)
            upload = uploads.begin(
                self.actor,
                self.module,
                obj,
                name=given["name"],
                size=given["size"],
                internal=bool(given.get("internal")),
                purpose=self.purpose,
            )
            return Told(201, upload_json(self.user, upload))

        def replayed(told: Told) -> Told:
            upload = uploads.find(self.actor, self.module, obj, told.data["id"], self.purpose)
            return Told(201, upload_json(self.user, upload))

        told = self.once(data, effect, replayed)
        place = f"{request._request.path}{told.data['id']}/"
        return answer(told.data, told.status, {"Location": request._request.build_absolute_uri(place)})


class UploadView(ModuleView):
    """`…/uploads/{upload}/`: how far it is, the next part, and giving it up."""

    purpose: ClassVar[uploads.Purpose] = uploads.FILE

    def upload(self, id: UUID, upload: UUID) -> Upload:
        return uploads.find(self.actor, self.module, self.find(id), upload, self.purpose)

    def get(self, request: Request, module: str, id: UUID, upload: UUID) -> HttpResponse:
        return self.told_upload(self.upload(id, upload))

    def patch(self, request: Request, module: str, id: UUID, upload: UUID) -> HttpResponse:
        http, obj = request._request, self.find(id)
        media = http.META.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        # A part of no bytes, which tries again to finish, often comes without a type.
        if media and media != "application/octet-stream":
            raise UnsupportedMediaType(media, detail="Send application/octet-stream.")
        said = http.headers.get("Upload-Offset", "")
        if not (said.isascii() and said.isdigit() and len(said) < 16):
            raise Problem(400, "malformed", "Upload-Offset takes the number of the part's first byte.")
        part = http.read(uploads.LARGEST_PART + 1)
        if len(part) > uploads.LARGEST_PART:
            raise Problem(413, "too-large", f"A part may have at most {uploads.LARGEST_PART} bytes.")
        taken = uploads.append(
            self.actor,
            self.module,
            obj,
            upload,
            offset=int(said),
            part=BytesIO(part),
            purpose=self.purpose,
        )
        return self.told_upload(taken)

    def delete(self, request: Request, module: str, id: UUID, upload: UUID) -> HttpResponse:
        uploads.cancel(self.upload(id, upload))
        return HttpResponse(status=204)

    def told_upload(self, upload: Upload) -> HttpResponse:
        return answer(upload_json(self.user, upload), headers={"Upload-Offset": str(upload.offset)})
