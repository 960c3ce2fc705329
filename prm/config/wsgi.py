"""HTTP for granian or gunicorn; the sockets are then served by daphne from prm.config.asgi."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.config.settings")
application = get_wsgi_application()
