from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.utils.translation import gettext_lazy as _

from workflows import ports


class PartnersConfig(AppConfig):
    name = "prm.partners"
    verbose_name = _("Partners")

    def ready(self) -> None:
        from prm.partners.progress import note_event, note_login

        ports.subscribe(note_event)
        user_logged_in.connect(note_login, dispatch_uid="prm.partners.onboarding")
