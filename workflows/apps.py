from __future__ import annotations

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _


class WorkflowsConfig(AppConfig):
    name = "workflows"
    verbose_name = _("Workflows")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from workflows import conditions, triggers  # noqa: F401  # conditions registers its lookups

        connection_created.connect(triggers.add_function, dispatch_uid="workflows.triggers")
        pre_migrate.connect(triggers.before_migration, sender=self, dispatch_uid="workflows.triggers")
        post_migrate.connect(triggers.after_migration, sender=self, dispatch_uid="workflows.triggers")
