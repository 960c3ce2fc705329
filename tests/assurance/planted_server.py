"""The server of the application with a fault in it: `python -m tests.assurance.planted_server FAULT …`.

What follows the name of the fault is daphne's. A server is a process of its own, so what is planted into it
has to be there before it serves.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import django


def no_nudge() -> None:
    """Sockets look at their logins now and then, and nobody tells them to."""
    from prm.alerts import hub

    hub.revoke = lambda user_ids: None


def no_publisher() -> None:
    """Nudges reach the sockets of the process where the right was taken, and of no other."""
    from prm.alerts.wire import Publisher

    Publisher.put = lambda self, seqs, revoked: None  # type: ignore[method-assign]


def remembered_logins() -> None:
    """A socket goes on with the login that it was opened with."""
    from api import logins

    right = logins.identify
    kept: dict[str, Any] = {}

    def wrong(asked: Sequence[logins.Login]) -> list[Any]:
        for one, user in zip(asked, right(asked), strict=True):
            if user is not None:
                kept[one.session or one.digest] = user
        return [kept.get(one.session or one.digest) for one in asked]

    logins.identify = wrong


def remembered_tokens() -> None:
    """A token that was found is not looked for again."""
    from api import tokens

    right = tokens.find
    kept: dict[str, Any] = {}

    def wrong(raw: str) -> Any:
        if raw not in kept:
            kept[raw] = right(raw)
        return kept[raw]

    tokens.find = wrong


def repeated_alerts() -> None:
    """A client that comes back is sent the last alert that it has had again."""
    from api import sockets

    right = sockets._after

    def wrong(query: bytes) -> int | None:
        after = right(query)
        return after - 1 if after else after

    sockets._after = wrong


FAULTS: dict[str, Callable[[], None]] = {
    "no-nudge": no_nudge,
    "no-publisher": no_publisher,
    "remembered-logins": remembered_logins,
    "remembered-tokens": remembered_tokens,
    "repeated-alerts": repeated_alerts,
}


def main() -> None:
    fault = FAULTS[sys.argv.pop(1)]
    django.setup()
    fault()
    # Installs an event loop when imported.
    from daphne.cli import CommandLineInterface

    CommandLineInterface.entrypoint()


if __name__ == "__main__":
    main()
