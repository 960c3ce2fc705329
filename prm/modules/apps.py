from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import register as register_check
from django.db.models.signals import post_migrate


class ModulesConfig(AppConfig):
    name = "prm.modules"
    label = "modules"
    verbose_name = "Modules"

    def ready(self) -> None:
        from prm.modules import registry
        from prm.modules.checks import check_modules
        from prm.modules.policy import PortalPolicy
        from workflows import ports

        found: list[registry.Module] = []
        for app in apps.get_app_configs():
            if find_spec(f"{app.name}.module") is None:
                continue
            declared = import_module(f"{app.name}.module")
            found.extend(getattr(declared, "modules", ()))
            found.extend([declared.module] if hasattr(declared, "module") else [])
        registry.announce(found)
        for module in found:
            registry.register(module)
        ports.set_policy(PortalPolicy())
        register_check(check_modules)
        post_migrate.connect(_sync, dispatch_uid="prm.modules.sync")


def _sync(app_config: AppConfig, using: str, **_: Any) -> None:
    """After the last app has migrated: portals and grants as the modules declare them."""
    from prm.access.policy import sync_portals
    from prm.modules import registry

    # Sent for apps with models only, and for each of them after all have migrated.
    if app_config.label == "access":
        sync_portals({module.key: module.grants for module in registry.all_modules()}, using=using)
