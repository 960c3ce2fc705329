from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _


class SearchConfig(AppConfig):
    name = "prm.search"
    verbose_name = _("Search")

    def ready(self) -> None:
        from prm.modules.reader import set_search
        from prm.search import database, find, index

        set_search(find.matching, find.fits)
        index.connect()
        pre_migrate.connect(database.before_migration, sender=self, dispatch_uid="prm.search")
        post_migrate.connect(index.after_migration, sender=self, dispatch_uid="prm.search")
