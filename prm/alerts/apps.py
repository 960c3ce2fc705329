from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AlertsConfig(AppConfig):
    name = "prm.alerts"
    verbose_name = _("Alerts")

    def ready(self) -> None:
        from prm.alerts import mail, recording, revocation
        from workflows import jobs, ports

        ports.subscribe(recording.on_event)
        ports.subscribe(revocation.on_event)
        revocation.connect()
        jobs.add_sweep(mail.sweep)
