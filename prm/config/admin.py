from django.contrib.admin import AdminSite
from django.http import HttpRequest


class SuperuserSite(AdminSite):
    """For repairs by the vendor's own superusers; `is_staff` alone opens nothing."""

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)


site = SuperuserSite()
