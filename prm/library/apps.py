from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LibraryConfig(AppConfig):
    name = "prm.library"
    verbose_name = _("Library")

    def ready(self) -> None:
        from prm.access import parameters
        from prm.library import queries

        parameters.provide("user.documents", queries.ids_for)
