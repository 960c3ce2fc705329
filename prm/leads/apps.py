from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LeadsConfig(AppConfig):
    name = "prm.leads"
    label = "leads"
    verbose_name = _("Leads")

    def ready(self) -> None:
        from prm.leads import actions
        from workflows import ports

        ports.subscribe(actions.follow)
