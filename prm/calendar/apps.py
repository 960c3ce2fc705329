from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CalendarConfig(AppConfig):
    name = "prm.calendar"
    verbose_name = _("Calendar")

    def ready(self) -> None:
        from prm.alerts import words
        from prm.calendar import reminders
        from workflows import jobs

        words.told_by(reminders.KIND, reminders.titles)
        jobs.add_sweep(reminders.sweep)
