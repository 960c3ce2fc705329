"""The calendar link: the address at which a calendar program reads what the caller has planned."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from api import shapes
from api.views.base import ApiView, answer
from prm.access import asked
from prm.calendar import actions, feeds
from prm.calendar.models import Feed
from prm.modules.render import plain


class CalendarLinkView(ApiView):
    """`/calendar/link/`: whether there is one, a new one in its place, and none any more."""

    def get(self, request: Request) -> HttpResponse:
        asked.note()
        return answer(self.told())

    def put(self, request: Request) -> HttpResponse:
        self.data(shapes.inputs({}))
        asked.note()
        # Never under an Idempotency-Key, which would keep the address: it is with the program alone.
        address = feeds.address(actions.open_feed(self.user))
        return answer({**self.told(), "address": address})

    def delete(self, request: Request) -> HttpResponse:
        asked.note()
        actions.close_feed(self.user)
        return HttpResponse(status=204)

    def told(self) -> dict[str, Any]:
        """Since when there is a link and when it was last used; nulls where there is none."""
        feed = Feed.objects.filter(user=self.user).first()
        told: dict[str, Any] = plain(
            {"made_at": feed and feed.created_at, "used_at": feed and feed.used_at, "address": None}
        )
        return told
