"""Writes the `.env` of the demo, so that every later `manage.py` command knows the same things.

Run before anything is known of the environment, so it imports no settings.
"""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent.parent / ".env"
LOCAL = re.compile(r"^PUBLIC_URL=http://127\.0\.0\.1:\d+$", re.MULTILINE)


def write(file: Path, port: str) -> bool:
    """True where a file was made; a second run keeps it, and only follows the port of a local address."""
    address = f"PUBLIC_URL=http://127.0.0.1:{port}"
    if file.exists():
        text = file.read_text()
        changed = re.sub(r"^PORT=.*$", f"PORT={port}", LOCAL.sub(address, text), flags=re.MULTILINE)
        if changed != text:
            file.write_text(changed)
        return False
    file.touch(mode=0o600)
    file.write_text(
        "# Made by `make demo` for this machine alone; a real installation sets its own environment.\n"
        f"SECRET_KEY={secrets.token_urlsafe(50)}\n"
        "ALLOWED_HOSTS=127.0.0.1,localhost\n"
        f"{address}\n"
        f"PORT={port}\n"
        "EMAIL_URL=consolemail://\n"
    )
    return True


if __name__ == "__main__":
    write(FILE, os.environ.get("PORT") or "8000")
