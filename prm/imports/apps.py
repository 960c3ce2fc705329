from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ImportsConfig(AppConfig):
    name = "prm.imports"
    label = "imports"
    verbose_name = _("Imports")

    def ready(self) -> None:
        from prm.imports.queries import imported
        from prm.modules.reader import add_part

        add_part("imported", imported)
