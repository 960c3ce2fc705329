from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WebFormsConfig(AppConfig):
    name = "prm.webforms"
    label = "webforms"
    verbose_name = _("Web forms")

    def ready(self) -> None:
        from prm.webforms.submitting import sweep
        from workflows import jobs

        jobs.add_sweep(sweep)
