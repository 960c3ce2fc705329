from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FilesConfig(AppConfig):
    name = "prm.files"
    verbose_name = _("Files")

    def ready(self) -> None:
        from prm.files.sweeping import sweep
        from workflows.jobs import add_sweep

        add_sweep(sweep)
