from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PrivacyConfig(AppConfig):
    name = "prm.privacy"
    verbose_name = _("Privacy")

    def ready(self) -> None:
        from prm.privacy import disclose
        from workflows import jobs

        jobs.add_sweep(disclose.sweep)
