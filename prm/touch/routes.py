"""What an answered request was: a page, a list, a record, an export; read off its route, without a query."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase

from prm.modules import registry
from prm.touch.models import Door, Kind

#: What surrounds every page or says nothing of any record, and what the reader's own screen asks by itself.
LEFT_OUT = frozenset(
    {
        "alert-toast",
        "alerts-after",
        "alerts-seen",
        "api:alerts-seen",
        "api:docs",
        "api:schema",
        "api:token",
        "favicon",
        "jsi18n",
        "language",
        "livez",
        "look-colours",
        "look-logo",
        "look-portal-colours",
        "look-portal-logo",
        "metrics",
        "navigation",
        "portal-card",
        "portal-condition",
        "portal-logo",
        "readyz",
        "shortcuts",
        "theme",
        "view-as",
        "view-as-stop",
    }
)

#: Signing in and out are told by signals.
SIGNED = ("account_login", "account_logout", "mfa_authenticate", "mfa_login")

EXPORTS = frozenset(
    {
        "api:export",
        "calendar-feed",
        "export-file",
        "import-rejected",
        "module-export",
        "privacy-export",
        "privacy-file",
        "report-csv",
    }
)
DOWNLOADS = frozenset(
    {
        "api:document-file",
        "api:document-version-file",
        "api:file-content",
        "api:quote-pdf",
        "library-download",
        "quote-link-pdf",
        "quote-pdf",
        "record-file-content",
    }
)
LISTS = frozenset({"api:list", "module-list", "module-board", "module-canvas"})
SEARCHES = frozenset({"duplicates", "options", "search"})

#: Pages on which a portal is configured; the module in their address is the one that is granted.
PORTAL_PAGES = (
    "portal-act",
    "portal-archive",
    "portal-layout",
    "portal-layout-new",
    "portal-layouts",
    "portal-module",
    "portal-modules",
    "portal-related",
    "portal-review",
    "portal-scope",
    "portal-scope-new",
    "portal-settings",
    "portal-travel",
    "portal-undo",
    "portal-version-draft",
    "portal-versions",
    "portal-view",
)

#: Pages about a record of a module that the address does not name.
MODULES = {
    "approvals-decide": "registrations",
    "document": "documents",
    "export-file": "exports",
    "export-one": "exports",
    "import-one": "imports",
    "import-rejected": "imports",
    "library-add-version": "documents",
    "library-download": "documents",
    "onboarding-step": "partners",
    "quote-build": "quotes",
    "quote-pdf": "quotes",
    "quote-preview": "quotes",
    "quote-start": "opportunities",
    "web-form-build": "web-forms",
    **dict.fromkeys(PORTAL_PAGES, "portals"),
}

#: Pages that who has no login reaches by a mailed link.
LINKS = frozenset({"calendar-feed", "offer-link", "quote-link", "quote-link-pdf"})

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

Touched = tuple[str, str, UUID | None, str, str]


def touched(request: HttpRequest, response: HttpResponseBase) -> Touched | None:
    """(kind, module, record, verb, door) of what was answered; None where it is no line of the log."""
    match = request.resolver_match
    status = response.status_code
    if match is None or status >= 400 or request.method == "OPTIONS":
        return None
    name = match.view_name or ""
    if not name or name in LEFT_OUT or name.startswith(SIGNED):
        return None
    named: dict[str, Any] = match.kwargs
    link = name in LINKS
    if not link and not request.user.is_authenticated:
        return None
    # The editor of portals names the module that is granted, too.
    module = "portals" if name.startswith("portal-") else MODULES.get(name) or ""
    module = module or _module(named.get("key") or named.get("module"))
    pk = (named.get("pk") or named.get("id")) if module else None
    record = pk if isinstance(pk, UUID) else None
    door = Door.LINK if link else Door.API if match.namespace == "api" else Door.PAGE
    answered = status < 300
    # A file that leaves by a route that nobody has named above is one all the same.
    leaves = response.headers.get("Content-Disposition", "").startswith("attachment")
    if answered and (name in DOWNLOADS or (leaves and name not in EXPORTS)):
        return Kind.DOWNLOAD, module, record, name, door
    if answered and name in EXPORTS and (name != "module-export" or request.method == "POST"):
        return Kind.EXPORT, module, record, name, door
    if request.method not in SAFE and name not in SEARCHES:
        # Creations, changes and transitions tell of themselves, record by record.
        told = getattr(request, "touched", False) or name == "quote-preview"
        return None if told else (Kind.ACTION, module, record, name, door)
    if not answered and status != 304:
        return None
    if name in SEARCHES or (name in LISTS and request.GET.get("search", "").strip()):
        return Kind.SEARCH, module, None, name, door
    if name in LISTS:
        return Kind.LIST, module, None, name, door
    if record is not None:
        return Kind.RECORD, module, record, name, door
    return Kind.PAGE, module, None, str(named.get("report") or named.get("step") or name), door


def _module(key: Any) -> str:
    """The module that an address names. Others carry secrets under the same name, such as mailed links."""
    try:
        return registry.get(str(key)).key if key else ""
    except LookupError:
        return ""
