from __future__ import annotations

import signal
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.jobs import Clock, loop
from workflows.processes import ASKED, Flag, JobProcesses


class Command(BaseCommand):
    help = "Works off jobs and timers until it is told to stop. Any number of workers may run at once."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = Flag()
        failed: list[str] = []

        def on_signal(signum: int, frame: FrameType | None) -> None:
            stop.set()

        # Before the first child: until a child blocks them, a signal to it asks for the same.
        for each in ASKED:
            signal.signal(each, on_signal)
        processes = JobProcesses(stop)
        clock = Clock()

        def step() -> None:
            if not processes.is_alive():
                if not stop.is_set():
                    # A worker that does half its work looks alive; better to end and be started again.
                    failed.append("The job processes have died.")
                    stop.set()
                return
            clock.tick()

        try:
            processes.start()
            if processes.started.is_set():
                self.stdout.write("Worker started.")
                self.stdout.flush()
            loop(stop, step)
        finally:
            if not processes.stop():
                self.stderr.write("Jobs did not end in time and were killed; they will run again.")
        if failed:
            raise CommandError(failed[0])
        self.stdout.write("Worker stopped.")
