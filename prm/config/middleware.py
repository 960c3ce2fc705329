"""The outermost layers: who the client really is, which request this is, what every answer carries."""

from __future__ import annotations

import ipaddress
import logging
import re
from collections.abc import Callable
from contextvars import ContextVar

import uuid_utils
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.middleware.gzip import GZipMiddleware

GetResponse = Callable[[HttpRequest], HttpResponseBase]

request_id: ContextVar[str] = ContextVar("request_id", default="-")
WELL_FORMED_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_FORWARDED")


def trusted(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in settings.TRUSTED_PROXIES)


class TrustedProxies:
    """Believes X-Forwarded-* only from TRUSTED_PROXIES, and makes REMOTE_ADDR the client's address.

    Everything behind (throttling, logs, the check for https) may then trust the request as it is.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        peer = request.META.get("REMOTE_ADDR", "")
        # A proxy on this machine makes the whole world look local; health.metrics wants to know.
        request.META["prm.forwarded"] = any(name in request.META for name in FORWARDED)
        if trusted(peer):
            hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
            # From the right: each proxy appends whom it saw; what stands further left may be invented.
            client = next((hop for hop in reversed(hops) if hop and not trusted(hop)), None)
            if client is not None and _is_address(client):
                request.META["REMOTE_ADDR"] = client
        else:
            for name in FORWARDED:
                request.META.pop(name, None)
        request.META.pop("HTTP_X_FORWARDED_FOR", None)
        return self.get_response(request)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def client_address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


class RequestId:
    """`request.request_id`: in the log lines, in the history of what the request changed, in the answer."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        offered = request.META.get("HTTP_X_REQUEST_ID", "")
        # A client may only name its request where a proxy of ours stands between.
        known = WELL_FORMED_ID.fullmatch(offered) and settings.TRUSTED_PROXIES
        identifier = offered if known else str(uuid_utils.uuid7())
        request.request_id = identifier  # type: ignore[attr-defined]
        token = request_id.set(identifier)
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        response["X-Request-Id"] = identifier
        return response


class RequestIdFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        # Django logs refused requests when the layers above have been left already.
        request = getattr(record, "request", None)
        record.request_id = getattr(request, "request_id", None) or request_id.get()
        return True


#: What opens something without a login, in the paths of mailed links and of feeds: see `prm.people.tokens`.
SECRET = re.compile(r"(?:(?<=/)|(?<=%2F))[\w-]{43}(?![\w-])|(?<=/reset/key/)[^/\s]+", re.ASCII)


class SecretsFilter(logging.Filter):
    """Django logs the path of each refused request; whoever reads the log could go on with its link."""

    def filter(self, record: logging.LogRecord) -> bool:
        # Put together first: a request or an exception among the arguments tells its path as well.
        record.msg, record.args = SECRET.sub("…", record.getMessage()), ()
        return True


class CompressPages(GZipMiddleware):
    """Pages travel to phones; the API's answers are counted in requests a second, and a proxy packs them."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        # What is given in ranges is given as it is: they count its bytes.
        if request.path.startswith("/api/") or response.has_header("Accept-Ranges"):
            return response
        return super().process_response(request, response)


class SecurityHeaders:
    """What Django's own middleware does not send, or sends only where it can see the public scheme."""

    UNUSED = (
        "accelerometer autoplay camera display-capture encrypted-media geolocation "
        "gyroscope magnetometer microphone midi payment picture-in-picture screen-wake-lock usb"
    )
    PERMISSIONS = ", ".join(f"{feature}=()" for feature in UNUSED.split())

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.setdefault("Permissions-Policy", self.PERMISSIONS)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if settings.HTTPS:
            # TLS may end at a proxy that does not tell: browsers ignore this header on plain http anyway.
            response.setdefault("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
        # Every page belongs to one login: no shared cache keeps it, and the browser asks again.
        response.setdefault("Cache-Control", "private, no-cache")
        return response
