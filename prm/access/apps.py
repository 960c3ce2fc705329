from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "prm.access"
    label = "access"
    verbose_name = "Access"
