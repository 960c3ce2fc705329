"""What surrounds every page: navigation by rights, the bell, the theme."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from frontend.looks import languages, look_of
from frontend.urls_jobs import nav_jobs
from prm.access.rights import PORTALS, administers, manages_portals, rights_for
from prm.access.viewing import may_view_as
from prm.alerts.queries import bell
from prm.modules import registry
from prm.people.seats import may_look
from prm.vendor.queries import vendor

THEMES = ("light", "dark")

#: How many entries fit the bar at the bottom of a phone, beside “More”.
TABS = 4


@dataclass(frozen=True)
class NavItem:
    """A way of the navigation. external: it leads to another site."""

    title: str
    url: str
    icon: str
    count: int | None = None
    current: bool = False
    external: bool = False


@dataclass(frozen=True)
class NavGroup:
    title: str
    items: list[NavItem] = field(default_factory=list)


def _is_current(path: str, url: str) -> bool:
    return path == url if url == "/" else path.startswith(url)


def job_items(user: Any, path: str) -> list[NavItem]:
    """The pages made for jobs, in the order in which people need them."""
    items = []
    for one in nav_jobs(user):
        url = reverse(one["name"], args=one.get("args"))
        items.append(NavItem(str(one["label"]), url, one["icon"], one.get("count"), _is_current(path, url)))
    return items


def module_items(user: Any, path: str) -> list[NavItem]:
    """The modules that the user's portal grants and that have a place of their own."""
    rights = rights_for(user)
    items = []
    # What people work on every day first, what it refers to after.
    for module in sorted(registry.all_modules(), key=lambda one: not one.board):
        if module.nav and rights.scopes(module.key, "view"):
            url = reverse("module-list", args=[module.key])
            items.append(NavItem(str(module.label_plural), url, module.icon, None, path.startswith(url)))
    return items


def administration_items(user: Any, path: str) -> list[NavItem]:
    """What the vendor's people keep in order: users, territories, agreements …"""
    rights = rights_for(user)
    if not rights.policy.staff:
        return []
    items = []
    for module in registry.all_modules():
        if module.administration and rights.scopes(module.key, "view"):
            url = reverse("module-list", args=[module.key])
            if module.key == PORTALS and manages_portals(user):
                url = reverse("portal-admin")
            items.append(NavItem(str(module.label_plural), url, module.icon, None, path.startswith(url)))
    if manages_portals(user):
        url = reverse("portal-users")
        items.append(NavItem(_("Users of portals"), url, "users", None, path.startswith(url)))
    if may_look(user):
        url = reverse("seats")
        items.append(NavItem(_("Seats"), url, "ticket", None, path.startswith(url)))
    if may_view_as(user):
        url = reverse("view-as")
        items.append(NavItem(_("View as"), url, "eye", None, path.startswith(url)))
    if administers(user):
        url = reverse("settings")
        items.append(NavItem(_("Settings"), url, "settings", None, path.startswith(url)))
        url = reverse("privacy")
        items.append(NavItem(_("Personal data"), url, "fingerprint", None, path.startswith(url)))
    # A menu of one entry (employees may look up a colleague's name) is no administration.
    return items if len(items) > 1 else []


def link_items(request: HttpRequest) -> list[NavItem]:
    """The pages elsewhere that the portal names."""
    return [NavItem(one.title, one.url, "external-link", external=True) for one in look_of(request).links]


def nav_of(request: HttpRequest, path: str) -> list[NavGroup]:
    """The whole navigation, with the page at `path` marked."""
    if not request.user.is_authenticated:
        return []
    user = request.user
    jobs = job_items(user, path)
    known = {item.url for item in jobs}
    groups = [
        NavGroup("", jobs),
        NavGroup(_("Records"), [item for item in module_items(user, path) if item.url not in known]),
        NavGroup(_("Administration"), administration_items(user, path)),
        NavGroup(_("Links"), link_items(request)),
    ]
    return [group for group in groups if group.items]


def tabs_of(nav: Iterable[NavGroup]) -> list[NavItem]:
    """What stands in the bar at the bottom of a phone."""
    return [item for group in nav for item in group.items if not item.external][:TABS]


def _url(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def theme_of(request: HttpRequest) -> str:
    """The theme that the person chose, "" for the system's."""
    chosen = request.COOKIES.get("theme", "")
    return chosen if chosen in THEMES else ""


def context(request: HttpRequest) -> dict[str, Any]:
    """Context processor. Lazy, so that a fragment of a page asks for nothing that it does not show."""
    nav: Any = SimpleLazyObject(lambda: nav_of(request, request.path))
    return {
        "nav": nav,
        "tabs": SimpleLazyObject(lambda: tabs_of(nav)),
        "bell": SimpleLazyObject(lambda: bell(request.user)),
        "theme": theme_of(request),
        "vendor": SimpleLazyObject(vendor),
        "look": SimpleLazyObject(lambda: look_of(request)),
        "languages": SimpleLazyObject(lambda: languages(request)),
        "profile_url": SimpleLazyObject(lambda: _url("me")),
        "security_url": SimpleLazyObject(lambda: _url("mfa_index")),
    }
