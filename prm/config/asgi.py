"""HTTP and sockets in one process."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.config.settings")
# First of all: what follows imports models.
pages = get_wsgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402

from api.sockets import websocket_urlpatterns  # noqa: E402
from prm.config.gateway import Gateway  # noqa: E402
from prm.config.origins import OwnOrigin  # noqa: E402

# The consumer reads session or token itself, so that one read serves the whole handshake.
sockets = OwnOrigin(URLRouter(websocket_urlpatterns))
application = ProtocolTypeRouter({"http": Gateway(pages), "websocket": sockets})
