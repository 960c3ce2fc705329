from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RecordsConfig(AppConfig):
    name = "prm.records"
    verbose_name = _("Records")

    def ready(self) -> None:
        from prm.records import undo
        from prm.records.sweeping import sweep
        from workflows.jobs import add_sweep

        add_sweep(sweep)
        undo.connect()
