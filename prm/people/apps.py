from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from workflows import ports


class PeopleConfig(AppConfig):
    name = "prm.people"
    verbose_name = _("People")

    def ready(self) -> None:
        from prm.people import following, seats, stays
        from prm.people.access_end import end_with_user
        from prm.people.actions import mail_invitation

        stays.connect()
        seats.connect()
        ports.subscribe(following.never_above_oneself)
        ports.subscribe(following.one_name)
        ports.subscribe(stays.follow_event)
        ports.subscribe(seats.follow)
        ports.subscribe(mail_invitation)
        ports.subscribe(end_with_user)
