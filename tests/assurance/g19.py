"""G19: every page for everyone, at any width, in both themes and by keyboard alone.

The pages are served by this process and opened in Chromium. On each, axe must find nothing (in the light on
a wide screen and in the dark on a phone, in turn) and nothing may stick out at 320 px; some whole jobs are
done without a pointer. `size` is the number of pages for each role; faults are planted into the HTML as it
leaves the server.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from frontend.shell import job_items
from prm.access.document import normal
from prm.access.models import Portal
from prm.access.rights import may, visible
from prm.leads.models import Lead
from prm.modules import registry
from prm.opportunities.models import Opportunity
from prm.portals.actions import draft_of, save_draft
from prm.webforms.models import WebForm
from tests.assurance import Fault, Figure, noticed
from tests.browsing import CHROMIUM_ARGS, chromium_path, sign_in_page
from tests.cast import World, build_world
from tests.factories import make_lead, make_opportunity, make_registration
from tests.webforms.test_webforms import make_form
from workflows.actor import Actor
from workflows.perform import perform

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
NARROW = {"width": 320, "height": 640}
ROLES = ("administrator", "maker of portals", "channel manager", "partner", "customer", "employee", "visitor")
#: Tab presses after which something counts as out of reach.
REACH = 160
AXE = {"resultTypes": ["violations"]}

rewrite: Callable[[str], str] | None = None
#: The roles and jobs of a run; a planted fault needs only those that can meet it.
scope: tuple[tuple[str, ...], tuple[str, ...]]


class Application(WSGIHandler):
    """The portal, whose HTML a planted fault may change."""

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        # Uncompressed, so that a fault can be planted as text.
        request.META.pop("HTTP_ACCEPT_ENCODING", None)
        response: Any = super().get_response(request)
        if rewrite and response.status_code == 200 and response["Content-Type"].startswith("text/html"):
            response.content = rewrite(response.content.decode()).encode()
            response["Content-Length"] = str(len(response.content))
        return response


class Quiet(WSGIRequestHandler):
    """Says nothing about requests."""

    def log_message(self, format: str, *args: Any) -> None:
        """Drops it."""


@contextmanager
def served() -> Iterator[str]:
    """The portal on a free port of this process."""
    server = ThreadedWSGIServer(("127.0.0.1", 0), Quiet)
    server.set_app(Application())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def browsing() -> Iterator[Browser]:
    """Chromium. Its loop runs in this thread, which Django would take for asynchronous code."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGS)
        yield browser
        browser.close()


_built: list[World] = []


def world() -> World:
    """The cast with records in every state, made once."""
    if not _built:
        made = build_world()
        for state in ("assigned", "contacted", "qualified", "converted", "disqualified"):
            make_lead(state, made.northwind)
        make_lead("pooled")
        for state in ("distributed", "won", "lost"):
            make_opportunity(state, made.northwind)
        make_opportunity("draft")
        make_registration("submitted")
        make_form(made.admin, slug="ask-us")
        portal, actor = Portal.objects.get(key="partner"), Actor.of(made.admin)
        draft = draft_of(actor, portal)
        # A draft that changes something, so that the review has something to say.
        document = normal(draft.document)
        document["grants"]["leads"]["views"] = ["list", "canvas"]
        save_draft(actor, draft, document, draft.version)
        lead = make_lead("new", topic="For the inbox")
        perform(lead, "assign", actor=Actor.of(made.maria), inputs={"partner": str(made.northwind.pk)})
        _built.append(made)
    return _built[0]


def users(cast: World) -> dict[str, Any]:
    """Who plays each role."""
    people = (cast.admin, cast.admin, cast.maria, cast.alice, cast.dana, cast.erin, None)
    return dict(zip(ROLES, people, strict=True))


def editor() -> list[str]:
    """The pages on which portals and web forms are made and the log is read, those used most first."""
    portal = Portal.objects.get(key="partner")
    one = f"/portals-admin/{portal.pk}/"
    module = f"{one}modules/leads/"
    form = WebForm.objects.get()
    return [
        "/portals-admin/",
        one,
        f"{module}scopes/0/",
        f"{module}views/",
        f"{module}layouts/new/",
        f"{one}review/",
        f"/web-forms/{form.pk}/build/",
        "/touches/",
        f"{one}modules/",
        module,
        f"{module}layouts/",
        f"{module}scopes/new/",
        f"{module}related/",
        f"{one}versions/",
        f"{one}travel/",
        "/portals-admin/new/",
        "/view-as/",
        "/web-forms/",
        "/web-forms/new/",
        f"/web-forms/{form.pk}/",
    ]


def addresses(user: Any) -> list[str]:
    """The pages of one person, those that are used most first."""
    if user is None:
        return [
            "/account/login/",
            "/register/",
            "/f/ask-us/",
            "/account/password/reset/",
            "/nowhere/to/be/found/",
        ]
    found = ["/"]
    kinds: dict[str, list[str]] = {"list": [], "record": [], "new": [], "board": [], "edit": []}
    for module in sorted(registry.all_modules(), key=lambda one: not one.board):
        if not module.nav or not may(user, module, "view"):
            continue
        kinds["list"].append(f"/{module.key}/")
        if module.board and module.key != "partners":
            kinds["board"].append(f"/{module.key}/board/")
        if may(user, module, "create"):
            kinds["new"].append(f"/{module.key}/new/")
        for obj in {getattr(one, "state", ""): one for one in visible(user, module)[:60]}.values():
            kinds["record"].append(f"/{module.key}/{obj.pk}/")
            if may(user, module, "edit", obj):
                kinds["edit"].append(f"/{module.key}/{obj.pk}/edit/")
    # One of each kind in turn, so that a small size sees all kinds.
    longest = max(map(len, kinds.values()))
    for at in range(longest):
        found += [pages[at] for pages in kinds.values() if at < len(pages)]
        if at == 0:
            found += [item.url for item in job_items(user, "") if item.url != "/"]
            found += ["/alerts/", "/search/?q=lead", "/nowhere/to/be/found/", "/me/"]
    return list(dict.fromkeys(found))


def look(page: Page, url: str, address: str, dark: bool) -> list[str]:
    """What is wrong with one page: in the light on a wide screen, or in the dark on a phone."""
    page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
    page.set_viewport_size(PHONE if dark else WIDE)
    answer = page.goto(url + address)
    if answer is None or answer.status >= 500:
        # The page of an error is as accessible as any, and would hide that this one was never seen.
        return [f"{address}: answered {answer and answer.status}"]
    return [f"{address}: {one}" for one in (*violations(page), *sticking_out(page))]


def violations(page: Page) -> list[str]:
    """What axe finds on the page as it stands."""
    found = Axe().run(page, options=AXE).response["violations"]
    return [f"{one['id']} at {one['nodes'][0]['html'][:160]} ({len(one['nodes'])})" for one in found]


def sticking_out(page: Page) -> list[str]:
    """Whether the page scrolls sideways at 320 px, which is also what 400 % zoom makes of a wide one."""
    page.set_viewport_size(NARROW)
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"{wider} px too wide at 320 px"] if wider > 0 else []


# --- jobs without a pointer


def reach(page: Page, selector: str) -> None:
    """Tab until the focus is on the element; it must be visible there."""
    for _press in range(REACH):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement?.matches(selector)", selector):
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            inside = page.evaluate("!!document.activeElement.closest('.chip, .finder__box')")
            assert outline != "none" or inside, f"the focus cannot be seen on {selector}"
            return
    raise AssertionError(f"{selector} cannot be reached by keyboard")


def dialog(page: Page) -> None:
    """The open dialog has a name, which axe asks of roles only, and nothing else is wrong with it."""
    problems = violations(page)
    assert not problems, problems
    named = (
        "one => one.ariaLabel || document.getElementById(one.getAttribute('aria-labelledby'))?.textContent"
    )
    assert page.locator("dialog[open]").evaluate(named), "the dialog has no name"


def accept(page: Page, url: str, cast: World) -> None:
    """A partner user accepts an offer from its page."""
    lead = make_lead("assigned", cast.northwind)
    page.goto(f"{url}/leads/{lead.pk}/")
    reach(page, "form[action$='/do/accept/'] button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/leads/**")
    page.get_by_text("is now: Accepted").wait_for()
    assert Lead.objects.get(pk=lead.pk).state == "accepted"


def decline(page: Page, url: str, cast: World) -> None:
    """A partner user declines in the dialog, with a reason by chip."""
    lead = make_lead("assigned", cast.northwind)
    page.goto(f"{url}/leads/{lead.pk}/")
    reach(page, "a[href*='/do/decline/'], form[action$='/do/decline/'] button")
    page.keyboard.press("Enter")
    page.locator("dialog[open] .chip").first.wait_for()
    dialog(page)
    reach(page, "dialog[open] .chip input")
    page.keyboard.press("Space")
    reach(page, "dialog[open] button.btn:not([data-close])")
    page.keyboard.press("Enter")
    page.wait_for_url("**/leads/")
    assert Lead.objects.get(pk=lead.pk).state == "new"


def assign(page: Page, url: str, cast: World) -> None:
    """A channel manager chooses a lead in the list and assigns it."""
    lead = make_lead("new", topic="By keyboard")
    page.goto(f"{url}/leads/?search=by+keyboard&state=new")
    page.keyboard.press("j")
    page.keyboard.press("x")
    reach(page, "[data-bulk] button[formaction$='/do/assign/']")
    page.keyboard.press("Enter")
    page.locator("dialog[open] [role=combobox]").first.wait_for()
    dialog(page)
    reach(page, "dialog[open] [role=combobox]")
    page.keyboard.type("north")
    page.locator("dialog[open] [role=option][aria-selected=true]").wait_for()
    page.keyboard.press("Enter")
    reach(page, "dialog[open] button.btn:not([data-close])")
    page.keyboard.press("Enter")
    page.get_by_text("1 record is done").wait_for()
    assert Lead.objects.get(pk=lead.pk).state == "assigned"


def board(page: Page, url: str, cast: World) -> None:
    """A card is moved to the next stage by its menu."""
    deal = make_opportunity("managed", cast.northwind, stage="qualification")
    page.goto(f"{url}/opportunities/board/")
    reach(page, f"[data-card='{deal.pk}'] summary")
    page.keyboard.press("Enter")
    reach(page, f"[data-card='{deal.pk}'] button[value='proposal']")
    with page.expect_response(lambda response: response.url.endswith("/move/")):
        page.keyboard.press("Enter")
    assert Opportunity.objects.get(pk=deal.pk).stage == "proposal"


def find(page: Page, url: str, cast: World) -> None:
    """A record is found and opened from anywhere."""
    page.goto(f"{url}/alerts/")
    page.keyboard.press("Control+k")
    page.locator("#finder[open]").wait_for()
    page.keyboard.type("fabrikam")
    page.locator("#finder .finder__item", has_text="Fabrikam").first.wait_for()
    dialog(page)
    for _hit in range(12):
        page.keyboard.press("ArrowDown")
        chosen = page.locator("#finder [aria-selected='true']")
        if (chosen.get_attribute("href") or "").endswith(f"/accounts/{cast.fabrikam.pk}/"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/accounts/{cast.fabrikam.pk}/")


JOBS: dict[str, tuple[str, Callable[[Page, str, World], None]]] = {
    "accept an offer": ("partner", accept),
    "decline with a reason": ("partner", decline),
    "find a record": ("partner", find),
    "move a card": ("partner", board),
    "assign from the list": ("channel manager", assign),
}


scope = (ROLES, tuple(JOBS))


def run(size: int) -> Figure:
    """Looks at up to `size` pages of each role, and does every job."""
    cast, problems, tried = world(), [], 0
    with served() as url, browsing() as browser:
        for role, user in users(cast).items():
            if role not in scope[0]:
                continue
            page = browser.new_context(locale="en-US", timezone_id="UTC").new_page()
            if user:
                sign_in_page(page, user, url)
            pages = editor() if role == "maker of portals" else addresses(user)
            for number, address in enumerate(pages[:size]):
                problems += [f"{role}: {one}" for one in look(page, url, address, dark=number % 2 == 1)]
                tried += 1
                if noticed(problems):
                    break
            for name, (by, job) in JOBS.items():
                if by == role and name in scope[1]:
                    problems += _try(page, url, cast, name, job)
                    tried += 1
            page.context.close()
    return Figure(
        bad=len(problems),
        tried=tried,
        what="faults of access",
        unit="pages and jobs by keyboard",
        details=problems[:40],
    )


def _try(page: Page, url: str, cast: World, name: str, job: Callable[[Page, str, World], None]) -> list[str]:
    page.set_viewport_size(WIDE)
    page.set_default_timeout(8_000)
    try:
        job(page, url, cast)
    except (AssertionError, PlaywrightError) as error:
        return [f"{name}: {str(error)[:300]}"]
    return []


# --- planted faults


def _planted(
    old: str, new: str, roles: tuple[str, ...] = ("channel manager",), jobs: tuple[str, ...] = ()
) -> Fault:
    """HTML with `new` in place of `old`, looked at by those who meet it."""

    @contextmanager
    def plant() -> Iterator[None]:
        global rewrite, scope
        rewrite, scope = lambda html: html.replace(old, new), (roles, jobs)
        try:
            yield
        finally:
            rewrite, scope = None, (ROLES, tuple(JOBS))

    return Fault(plant, size=4)


FAULTS = {
    "an image without a text": _planted("</main>", '<img src="/static/frontend/icon.svg"></main>'),
    "boxes to tick without a name": _planted('name="ids" value=', 'name="ids" aria-label="" value='),
    "labels that belong to nothing": _planted('class="field__label" for="', 'class="field__label" for="x'),
    "text too pale to read": _planted("</h1>", '</h1><font color="#bbbbbb">pale</font>'),
    "a page wider than a phone": _planted("</main>", f"<pre>{'wide ' * 40}</pre></main>"),
    "a button out of the keyboard's reach": _planted(
        "<button ", '<button tabindex="-1" ', ("partner",), ("accept an offer",)
    ),
    "a dialog that has no name": _planted(
        'aria-labelledby="dialog-title"', "", ("partner",), ("decline with a reason",)
    ),
}
