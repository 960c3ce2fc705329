"""HTTP and sockets in one process."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.config.settings")
# First of all: what follows imports models.
http = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402

from api.sockets import websocket_urlpatterns  # noqa: E402
from prm.config.origins import OwnOrigin  # noqa: E402

# The consumer reads session or token itself, so that one read serves the whole handshake.
application = ProtocolTypeRouter({"http": http, "websocket": OwnOrigin(URLRouter(websocket_urlpatterns))})
