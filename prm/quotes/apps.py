from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class QuotesConfig(AppConfig):
    name = "prm.quotes"
    label = "quotes"
    verbose_name = _("Quotes")

    def ready(self) -> None:
        from prm.opportunities.workflow import WINNING_AMOUNTS
        from prm.quotes import actions, pricing, sending
        from workflows import jobs, ports

        ports.subscribe(actions.follow)
        ports.subscribe(sending.on_event)
        jobs.add_sweep(sending.sweep)
        WINNING_AMOUNTS.append(pricing.accepted_net)
