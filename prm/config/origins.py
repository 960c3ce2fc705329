"""Which pages may open a socket here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http.request import split_domain_port, validate_host

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


class OwnOrigin:
    """A browser names the page's origin and sends the cookie to whoever asks: only our own pages may.

    What is no browser sends no Origin and has no cookie but its own, so it is let through to the login.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers = {name: value.decode("latin1") for name, value in scope.get("headers", [])}
        if self.allowed(headers.get(b"origin"), headers.get(b"host", "")):
            await self.application(scope, receive, send)
        else:
            await WebsocketDenier()(scope, receive, send)

    @staticmethod
    def allowed(origin: str | None, host: str) -> bool:
        domain, _port = split_domain_port(host.lower())
        if not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
            return False
        if origin is None:
            return True
        if origin.lower() == settings.PUBLIC_URL.lower():
            return True
        # Same host and port as was asked for; the scheme may differ where TLS ends at a proxy.
        return urlsplit(origin.lower()).netloc == host.lower()
