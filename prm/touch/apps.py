from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TouchConfig(AppConfig):
    name = "prm.touch"
    label = "touch"
    verbose_name = _("Touch log")

    def ready(self) -> None:
        from prm.touch import listening, retention
        from prm.touch.models import TouchEntry, TouchHead
        from prm.touch.searching import plug
        from workflows import jobs, triggers

        triggers.keep(triggers.Kept(TouchEntry, "touch", "the touch log is append-only", unique=("seq",)))
        triggers.keep(
            triggers.Kept(TouchHead, "touch_head", "the touch log's head only goes forward", forward="seq")
        )
        listening.connect()
        jobs.add_sweep(retention.sweep)
        plug()
