"""Several processes at the same work, started at the same moment."""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Callable
from typing import Any

from django.db import connections


def together(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Call `work(number)` in so many processes at once, and return what each returned.

    They are forked, so that a fault planted here is in all of them; what a process dies of is raised here.
    """
    context = multiprocessing.get_context("fork")
    barrier, answers = context.Barrier(count), context.SimpleQueue()
    # A connection that is shared with a child would be closed by it.
    connections.close_all()

    def start(number: int) -> None:
        try:
            barrier.wait()
            answers.put((number, work(number), None))
        except BaseException:
            answers.put((number, None, traceback.format_exc()))
        finally:
            connections.close_all()

    children = [context.Process(target=start, args=(number,)) for number in range(count)]
    for child in children:
        child.start()
    found = [answers.get() for _child in children]
    for child in children:
        child.join()
    for _number, _answer, error in found:
        if error:
            raise RuntimeError(f"a process failed:\n{error}")
    return [answer for _number, answer, _error in sorted(found, key=lambda one: one[0])]
