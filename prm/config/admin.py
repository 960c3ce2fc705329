"""Django's admin, where ADMIN_ENABLED: to look at rows. Changes go through the portal's own door."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.admin import AdminSite, ModelAdmin
from django.db.models import Field
from django.http import HttpRequest

SHOWN = (
    "access.Portal",
    "access.Grant",
    "access.Scope",
    "people.User",
    "people.Contact",
    "partners.Partner",
    "partners.Registration",
    "accounts.Account",
    "catalog.Product",
    "leads.Lead",
    "opportunities.Opportunity",
    "workflows.TransitionRecord",
)
#: Not even for a superuser to look at.
SECRET = {"password", "token_hash", "mail_token_hash"}


class SuperuserSite(AdminSite):
    """For the vendor's own superusers; `is_staff` alone opens nothing."""

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)


class LookOnly(ModelAdmin):
    """A state set here would have no history, no guard and no alert."""

    list_per_page = 50
    show_full_result_count = False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        names = [field.name for field in self.model._meta.fields if isinstance(field, Field)]
        return [name for name in names if name not in SECRET]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


site = SuperuserSite()
for name in SHOWN:
    site.register(apps.get_model(name), LookOnly)
