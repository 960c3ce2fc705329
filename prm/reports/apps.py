from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    name = "prm.reports"
    verbose_name = _("Reports")

    def ready(self) -> None:
        from prm.reports import registry, sales

        for report in sales.reports:
            registry.register(report)
