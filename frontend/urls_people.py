"""People in portals: their cards, invitations of many, seats, moves."""

from __future__ import annotations

from django.urls import path

from frontend.views_jobs import contact_card, inviting, seats

urlpatterns = [
    path("contacts/<uuid:pk>/portal/<slug:what>/", contact_card.act, name="contact-portal"),
    path("invite-many/", inviting.invite_many, name="invite-many"),
    path("seats/", seats.seats_page, name="seats"),
    path("portal-users/", seats.portal_users, name="portal-users"),
]
