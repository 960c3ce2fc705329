"""Whether a served portal shows its login and calls itself ready: `answers.py http://127.0.0.1:8000`."""

import json
import sys
import urllib.error
import urllib.request


def main(address: str) -> int:
    try:
        with urllib.request.urlopen(f"{address}/account/login/", timeout=5) as page:
            form = b"<form" in page.read()
        with urllib.request.urlopen(f"{address}/readyz", timeout=5) as health:
            ready = json.load(health)
    except (urllib.error.URLError, OSError):
        return 1
    print(json.dumps(ready))
    return 0 if form and ready["ready"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
