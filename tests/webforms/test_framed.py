"""A form in the pages of other sites, in Chromium: those that it names, and one that it does not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from prm.leads.models import Lead
from tests.browsing import Live
from tests.cast import World
from tests.webforms.test_webforms import make_form

pytestmark = pytest.mark.browser

SEND = """async (url) => {
  try {
    const page = await (await fetch(url)).json();
    await new Promise((done) => setTimeout(done, 2300));
    const body = JSON.stringify({ token: page.token, data: { topic: "By script" } });
    const headers = { "Content-Type": "application/json" };
    return (await fetch(url, { method: "POST", headers, body })).status;
  } catch (error) { return String(error); }
}"""


@contextmanager
def site(body: str) -> Iterator[str]:
    """Another site, whose only page says `body`; gives its origin."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("localhost", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()


def test_is_filled_in_there_and_refused_elsewhere(live: Live, world: World, chromium: Any) -> None:
    frame = f'<link rel="icon" href="data:,"><iframe src="{live.url}/f/contact/embed/" width="600"></iframe>'
    send = f"{live.url}/f/contact/send/"
    with site(frame) as named, site(frame) as other:
        make_form(world.admin, field_names="topic", origins=named)
        context = chromium.new_context()
        page = context.new_page()
        page.goto(named)
        inside = page.frame_locator("iframe")
        inside.get_by_label("Topic").fill("From a frame")
        page.wait_for_timeout(2200)
        inside.get_by_role("button", name="Send").click()
        inside.get_by_role("status").get_by_text("Thank you").wait_for()
        assert page.evaluate(SEND, send) == 200
        assert context.cookies() == [] or all(one["sameSite"] == "Lax" for one in context.cookies())
        page.goto(other)
        assert page.frame_locator("iframe").get_by_label("Topic").count() == 0
        assert "Failed to fetch" in page.evaluate(SEND, send)
        context.close()
    assert sorted(
        Lead.objects.filter(topic__in=["From a frame", "By script"]).values_list("topic", flat=True)
    ) == [
        "By script",
        "From a frame",
    ]


def test_is_built_with_the_keyboard(
    live: Live, world: World, new_page: Callable[..., Any], shot: Callable[..., Any]
) -> None:
    page = new_page(user=world.admin)
    page.goto("/web-forms/new/?module=leads")
    for name in ("Company", "Email"):
        page.get_by_role("button", name=name, exact=True).press("Enter")
        page.get_by_role("button", name=f"Remove {name}").wait_for()
    page.get_by_role("button", name="Move Email up").press("Enter")
    page.locator(".wfb__field").nth(1).get_by_text("Email").wait_for()
    page.get_by_label("Title").fill("Ask us")
    shot(page, "web-form-builder-1440")
    page.get_by_role("button", name="Save", exact=True).last.click()
    page.get_by_role("heading", name="Ask us").wait_for()
    assert "<iframe" in page.get_by_label("To put it into another site").input_value()
    page.goto("/f/ask-us/")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("() => document.documentElement.scrollWidth") == 390
    shot(page, "web-form-390")
