"""The pictures of the documents, taken of the demo: `python -m tests.pictures http://127.0.0.1:8000`.

They show whatever the demo holds, so take them after `make demo-reset`. One lead is offered on the way, to
show how an offer arrives.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browsing import CHROMIUM_ARGS, chromium_path

FOLDER = Path(__file__).parent.parent / "docs" / "images"
PASSWORD = "demo-portal-2026"
WIDE, PHONE = (1440, 900), (390, 800)
#: Colours of a picture: enough for pages, and a third of the bytes.
COLOURS = 256


@contextmanager
def visit(
    browser: Browser, url: str, login: str, size: tuple[int, int], dark: bool = False
) -> Iterator[Page]:
    """A page of somebody who is signed in."""
    context = browser.new_context(
        base_url=url,
        viewport={"width": size[0], "height": size[1]},
        device_scale_factor=2 if size == PHONE else 1,
        has_touch=size == PHONE,
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
        locale="en-US",
    )
    page = context.new_page()
    page.goto("/account/login/")
    page.locator("[name=login]").fill(login)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    page.wait_for_url(f"{url}/")
    yield page
    context.close()


def take(page: Page, name: str) -> None:
    """The page as it stands, once everything has come."""
    page.wait_for_load_state("load")
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(500)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(FOLDER / f"{name}.png", optimize=True)


def main(url: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGS)
        with visit(browser, url, "alice@northwind.example", PHONE, dark=True) as page:
            page.goto("/offered/")
            take(page, "offered-phone")
        with visit(browser, url, "alice@northwind.example", WIDE, dark=True) as page:
            page.goto("/managed/?view=board")
            take(page, "board-dark")
        with (
            visit(browser, url, "alice@northwind.example", WIDE) as partner,
            visit(browser, url, "maria@vendor.example", WIDE) as manager,
        ):
            manager.goto("/distribute/")
            row = manager.get_by_role("row").filter(has_text="Wi-Fi for a new warehouse")
            row.get_by_role("link", name="Find partner").click()
            take(manager, "distribute")
            # The page of home is taken while the offer arrives.
            manager.get_by_role("button", name="Offer to Northwind Systems").click()
            partner.locator("#toasts [data-seq]").wait_for()
            take(partner, "home")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
