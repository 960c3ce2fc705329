"""The demo's library: what the vendor publishes for its partners, with small files."""

from __future__ import annotations

import datetime as dt
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import typst
from django.core.files.base import ContentFile

from prm.catalog.models import Product, ProductFamily
from prm.demo.clock import Clock
from prm.demo.company import Company
from prm.library import actions, queries
from prm.library.models import Document
from prm.modules import registry
from prm.modules.actions import create
from workflows import ports
from workflows.actor import Actor
from workflows.perform import perform

DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Paper:
    """A document of the demo. days: how long ago it was published; None leaves a draft. files: names of its
    versions, the oldest first. ends: after how many days it expires."""

    title: str
    kind: str
    summary: str
    body: str
    days: float | None
    files: tuple[str, ...] = ()
    family: str = ""
    product: str = ""
    audience: str = "partners"
    tier: str = ""
    pinned: bool = False
    ends: int | None = None


PAPERS = (
    Paper(
        "Beacon switches: data sheet",
        "literature",
        "Ports, power and measures of the whole series on four pages.",
        "For customers who compare. Hand it out freely; the prices are not in it.",
        210,
        ("beacon-data-sheet-1.pdf", "beacon-data-sheet-2.pdf"),
        family="Networking",
        audience="everyone",
    ),
    Paper(
        "Anchor Firewall: security brief",
        "literature",
        "What it inspects, how fast, and who has certified it.",
        "The certificates are at https://vendor.example/trust and are renewed every year.",
        150,
        ("anchor-security-brief.pdf",),
        family="Security",
        product="Anchor Firewall L",
        audience="everyone",
    ),
    Paper(
        "Selling Harbour Backup in 20 minutes",
        "training",
        "Three questions to ask, two objections to expect, and one price that decides.",
        "Read it before your first call. The exercise on the last page takes ten minutes.",
        95,
        ("harbour-sales-guide.pdf",),
        family="Operations",
    ),
    Paper(
        "Price list for partners",
        "price_list",
        "All products in dollars and euros, valid until the next one.",
        "Your discount depends on your tier and is not in the list: a quote takes it from your price book.",
        64,
        ("price-list-spring.pdf", "price-list-autumn.csv"),
        pinned=True,
        ends=240,
    ),
    Paper(
        "Price list for Gold and Platinum",
        "price_list",
        "Project prices from one hundred pieces on.",
        "Please do not pass it on.",
        30,
        ("project-prices.csv",),
        tier="gold",
        ends=120,
    ),
    Paper(
        "Beacon firmware 4.2",
        "software",
        "Mends the loss of VLANs after a power cut; install it on every switch with 4.0 or 4.1.",
        "Update one switch of each stack first. It restarts once, which takes about two minutes.\n\n"
        "What has changed is described at https://vendor.example/beacon/4.2.",
        12,
        ("beacon-4.1-notes.txt", "beacon-4.2-notes.txt"),
        family="Networking",
    ),
    Paper(
        "Tidewatch 7 is here",
        "news",
        "Alerts in your chat, and half the time to the first report.",
        "Tidewatch 7 sends alerts to the chat of your customer's team.\n\n"
        "Everybody with a running subscription has it already; for all others there is an offer until the "
        "end of the quarter. Ask your channel manager.",
        4,
        product="Tidewatch Monitoring",
        pinned=True,
    ),
    Paper(
        "Partner day in Hamburg",
        "news",
        "Two days of workshops in March; the seats go to whoever asks first.",
        "Two people of each company are our guests. Tell your channel manager who comes.",
        1.5,
        ends=60,
    ),
    Paper(
        "Summer promotion",
        "news",
        "Access points at the price of last year.",
        "This promotion is over.",
        120,
        ends=60,
    ),
    Paper(
        "Anchor Firewall S: installation guide",
        "literature",
        "From the box to the first rule in thirty minutes.",
        "",
        None,
        ("anchor-s-installation.pdf",),
        product="Anchor Firewall S",
    ),
)


def fill(company: Company, clock: Clock, today: dt.datetime) -> None:
    """Writes and publishes the demo's documents, the oldest first; some of them have been read."""
    maria = company.users["maria"]
    for paper in sorted(PAPERS, key=lambda one: -(one.days or 0)):
        days = paper.days if paper.days is not None else 2
        clock.set(today - (days + 3) * DAY)
        document = _write(paper, maria, today - days * DAY)
        for at, name in enumerate(paper.files):
            # The later version comes when the earlier one has been out for half of the time.
            clock.set(today - (days + 2 - at * (days + 2) / 2) * DAY)
            upload = ContentFile(_content(paper, name), name=name)
            notes = "Corrected and brought up to date" if at else ""
            actions.add_version(Actor.of(maria), document, upload=upload, notes=notes)
        if paper.days is not None:
            clock.set(today - days * DAY)
            document = _publish(document, maria, told=days < 3)
            if paper.ends and paper.ends < days:
                clock.set(today - (days - paper.ends) * DAY)
                perform(document, "retire", actor=Actor.timer())
    clock.set(today - 1 * DAY)
    _read(company)
    clock.set(today)


def _write(paper: Paper, author: Any, published: dt.datetime) -> Document:
    family = ProductFamily.objects.filter(name=paper.family).first() if paper.family else None
    product = Product.objects.filter(name=paper.product).first() if paper.product else None
    data: dict[str, Any] = {
        "title": paper.title,
        "kind": paper.kind,
        "summary": paper.summary,
        "body": paper.body,
        "language": "en",
        "audience": paper.audience,
        "tier": paper.tier,
        "pinned": paper.pinned,
        "family": str(family.pk) if family else None,
        "product": str(product.pk) if product else None,
    }
    if paper.ends:
        data["expires_at"] = (published + paper.ends * DAY).isoformat()
    found: Document = create(Actor.of(author), registry.get("documents"), data)
    return found


def _publish(document: Document, author: Any, *, told: bool) -> Document:
    # Nobody is told now of what was published long ago.
    with nullcontext() if told else ports.plugged(ports.policy()):
        return perform(document, "publish", actor=Actor.of(author))


def _read(company: Company) -> None:
    for number, document in enumerate(Document.objects.filter(state="published").order_by("created_at")):
        for name in ("alice", "bob", "carol")[: 1 + number % 3]:
            user = company.users[name]
            if document.pk not in queries.ids_for(user):
                continue
            queries.note_reading(user, document)
            version = document.versions.first()
            if version and number % 2:
                queries.note_reading(user, document, version)


def _content(paper: Paper, name: str) -> bytes:
    if name.endswith(".pdf"):
        return _pdf(paper)
    if name.endswith(".csv"):
        rows = ["Product,Code,USD"]
        for one in Product.objects.order_by("name"):
            price: Any = one.list_price
            rows.append(f"{one.name},{one.code},{price.amount if price else ''}")
        return "\n".join(rows).encode()
    return f"{paper.title}\n\n{paper.summary}\n\n{paper.body}\n".encode()


def _pdf(paper: Paper) -> bytes:
    source = """
#set page(paper: "a4", margin: 3cm)
#set text(size: 11pt)
#set document(title: sys.inputs.title)
= #sys.inputs.title
#v(1em)
#text(size: 13pt, sys.inputs.summary)
#v(1em)
#sys.inputs.body
"""
    inputs = {"title": paper.title, "summary": paper.summary, "body": paper.body}
    made: bytes = typst.compile(source.encode(), format="pdf", sys_inputs=inputs)
    return made
