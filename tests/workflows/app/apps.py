from __future__ import annotations

from django.apps import AppConfig


class ParcelsConfig(AppConfig):
    """A small application that stands for all: parcels, with two doors and a clock."""

    name = "tests.workflows.app"
    label = "parcels"
