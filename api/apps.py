from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApiConfig(AppConfig):
    name = "api"
    verbose_name = _("API")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from allauth.account import signals

        from api.tokens import end_all

        for signal in (signals.password_changed, signals.password_reset, signals.password_set):
            signal.connect(end_all, dispatch_uid="api.tokens.end_all")
