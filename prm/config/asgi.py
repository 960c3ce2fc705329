"""HTTP and sockets in one process."""

# First of all: what follows imports models.
from prm.config.wsgi import application as pages  # noqa: I001

from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings

from api.sockets import websocket_urlpatterns
from prm.config.gateway import Gateway
from prm.config.origins import OwnOrigin

# The consumer reads session or token itself, so that one read serves the whole handshake.
sockets = OwnOrigin(URLRouter(websocket_urlpatterns))
# The largest file, and the form around it.
LARGEST = (settings.MAX_FILE_MB + 1) * 1024 * 1024
application = ProtocolTypeRouter({"http": Gateway(pages, largest=LARGEST), "websocket": sockets})
