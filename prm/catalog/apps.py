from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CatalogueConfig(AppConfig):
    name = "prm.catalog"
    verbose_name = _("Catalogue")

    def ready(self) -> None:
        from prm.access import parameters
        from prm.catalog import books

        parameters.provide("user.price_books", books.ids_for)
