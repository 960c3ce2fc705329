from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django_q.cluster import Cluster

from workflows.jobs import Clock, loop


class Command(BaseCommand):
    help = "Works off jobs and timers until it is told to stop. Any number of workers may run at once."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        failed: list[str] = []
        # The cluster forks: it must not inherit a connection, nor find itself under our signal handlers.
        connections.close_all()
        cluster = Cluster()
        cluster.start()

        def on_signal(signum: int, frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, on_signal)
        signal.signal(signal.SIGINT, on_signal)
        clock = Clock()

        def step() -> None:
            if not cluster.sentinel.is_alive():
                # A worker that does half its work looks alive; better to end and be started again.
                failed.append("The job processes have died.")
                stop.set()
                return
            clock.tick()

        self.stdout.write("Worker started.")
        try:
            loop(stop, step)
        finally:
            cluster.stop()
        if failed:
            raise CommandError(failed[0])
        self.stdout.write("Worker stopped.")
