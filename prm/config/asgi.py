"""HTTP and sockets in one process."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.config.settings")
# First of all: what follows imports models.
http = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402

from api.sockets import websocket_urlpatterns  # noqa: E402

# The consumer looks at origin, cookie and token itself: a client with a token sends no origin.
application = ProtocolTypeRouter({"http": http, "websocket": URLRouter(websocket_urlpatterns)})
