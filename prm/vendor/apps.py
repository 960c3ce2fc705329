from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VendorConfig(AppConfig):
    name = "prm.vendor"
    verbose_name = _("Vendor")

    def ready(self) -> None:
        from prm.vendor import queries

        queries.connect()
