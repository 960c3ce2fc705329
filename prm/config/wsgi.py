"""HTTP for granian or gunicorn; the sockets are then served by daphne from prm.config.asgi."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import resolve

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.config.settings")
application = get_wsgi_application()
# Imports all pages now: otherwise the first visitor waits for it.
resolve("/")
