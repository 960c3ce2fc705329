"""The web server: daphne in this process and, where nothing else runs them, the jobs and timers too."""

from __future__ import annotations

import signal
import socket
import sys
from argparse import ArgumentParser
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from prm.config.management.commands.setup import invitation_to_setup
from workflows.jobs import EmbeddedRunner

PORT_IN_USE = 2


class Command(BaseCommand):
    help = "Serves pages, API and sockets; without REDIS_URL it also works off jobs and timers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
        parser.add_argument("--port", type=int, default=settings.PORT, help="port (PORT, or 8000)")
        parser.add_argument(
            "--no-worker",
            action="store_true",
            default=bool(settings.REDIS_URL),
            help="leave jobs and timers to `manage.py worker` (the default where REDIS_URL is set)",
        )

    def handle(self, *args: Any, host: str, port: int, no_worker: bool, **options: Any) -> None:
        listener = listen(host, port)
        serve(listener, None if no_worker else EmbeddedRunner())


def listen(host: str, port: int) -> socket.socket:
    """Takes the port before anything else is done, so that a second start changes nothing."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(512)
    except OSError as error:
        print(
            f"partner portal: cannot listen on {host}:{port} ({error.strerror}); "
            "is it already running? PORT=8001 takes another port",
            file=sys.stderr,
        )
        raise SystemExit(PORT_IN_USE) from None
    listener.setblocking(False)
    return listener


def serve(listener: socket.socket, runner: EmbeddedRunner | None) -> None:
    # Both install an event loop when imported; only a process that serves may have that done to it.
    from daphne.server import Server
    from twisted.web import http

    from prm.config.asgi import application

    for status in HTTPStatus:
        # Twisted knows the older half of them, and says 'Unknown Status' of 429.
        http.RESPONSES.setdefault(status.value, status.phrase.encode())
    host, port = listener.getsockname()[:2]
    invitation = invitation_to_setup()

    def ready() -> None:
        print(f"Serving on http://{host}:{port} - Ctrl-C stops it", flush=True)
        if invitation:
            print(invitation, flush=True)

    # A supervisor's stop and a closed terminal end it as Ctrl-C does: answer what is running, then go. Until
    # the server has handlers of its own there is nothing to answer.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    if runner:
        runner.start()
    try:
        Server(
            application,
            # Handed over: the server takes a copy and closes this one, whose number is then anybody's.
            endpoints=[f"fd:fileno={listener.detach()}"],
            ready_callable=ready,
            application_close_timeout=3,
            server_name="portal",
        ).run()
    except KeyboardInterrupt:
        pass
    finally:
        if runner:
            runner.stop()
