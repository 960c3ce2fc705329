"""What is measured, each beside what it is to be compared with."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test import Client
from django.utils import timezone
from djmoney.money import Money

from api.tokens import issue
from prm.imports.mapping import FileMapping
from prm.imports.run import Importer, Seen
from prm.imports.table import open_table
from prm.leads.models import Lead
from prm.modules import registry
from prm.people.models import User
from prm.search.index import reindex_all
from prm.touch.keeping import flush
from tests.cast import World, build_world
from tests.factories import make_lead
from workflows.ids import uuid7

Work = Callable[[], object]

LIST = """
SELECT l.id, l.topic, l.state, l.company_name, l.region, l.size, l.need, l.due_at, l.created_at, l.amount,
       l.partner_id, c.name
FROM leads_lead l LEFT JOIN people_company c ON c.id = l.partner_id
WHERE l.partner_id = %s ORDER BY l.created_at DESC, l.id DESC LIMIT 50
"""
ONE = LIST.replace(
    "WHERE l.partner_id = %s ORDER BY l.created_at DESC, l.id DESC LIMIT 50", "WHERE l.id = %s"
)
TOKEN = "SELECT user_id FROM api_token WHERE digest = %s AND expires_at > %s"


@dataclass
class Bench:
    """A filled database, and a way to ask the application without a web server between."""

    world: World
    lead: Lead
    tokens: dict[str, str]
    handler: WSGIHandler

    def request(
        self, who: User, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, bytes]:
        """One request as `who`; its status and body."""
        sent = b"" if body is None else json.dumps(body).encode()
        path, _, query = path.partition("?")
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "testserver",
            "HTTP_AUTHORIZATION": f"Token {self.tokens[who.email]}",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(sent)),
            "wsgi.input": io.BytesIO(sent),
            "wsgi.errors": io.StringIO(),
            "wsgi.url_scheme": "http",
            **headers,
        }
        status: list[str] = []
        answer = self.handler(environ, lambda line, *_: status.append(line))
        content = b"".join(answer)
        code = int(status[0].split()[0])
        assert code < 300, (code, content[:300])
        return code, content


def prepare(rows: int) -> Bench:
    """So many leads over the partners of the cast, most of them of nobody who asks."""
    world = build_world()
    lead = make_lead("accepted", world.northwind)
    names = [field.attname for field in Lead._meta.concrete_fields if not field.primary_key]
    values = {name: getattr(lead, name) for name in names}
    holders = (world.northwind.pk, world.contoso.pk)
    for start in range(0, rows, 1000):
        Lead.objects.bulk_create(
            Lead(pk=uuid7(), **{**values, "partner_id": holders[number % 10 == 0]})
            for number in range(start, min(start + 1000, rows))
        )
    reindex_all(registry.get("leads"))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    tokens = {user.email: issue(user)[0] for user in (world.admin, world.alice, world.carol)}
    return Bench(world, lead, tokens, WSGIHandler())


def _bare(bench: Bench, who: User, sql: str, value: Any) -> Work:
    """The same by hand: the token looked up, one statement, JSON. Nothing can be much faster."""
    digest = hashlib.sha256(bench.tokens[who.email].encode()).hexdigest()
    text = value.hex if connection.vendor == "sqlite" else value

    def work() -> bytes:
        with connection.cursor() as cursor:
            cursor.execute(TOKEN, [digest, timezone.now()])
            cursor.fetchone()
            cursor.execute(sql, [text])
            return orjson.dumps([[str(cell) for cell in row] for row in cursor.fetchall()])

    return work


def api_list(bench: Bench) -> tuple[Work, Work, str]:
    """50 leads of one's own by the API, beside the bare statement."""
    carol = bench.world.carol
    return (
        lambda: bench.request(carol, "GET", "/api/v1/leads/?limit=50"),
        _bare(bench, carol, LIST, bench.world.contoso.pk),
        "bare SQL, token and JSON",
    )


def record(bench: Bench) -> tuple[Work, Work, str]:
    """One lead by the API, beside the bare statement."""
    alice = bench.world.alice
    return (
        lambda: bench.request(alice, "GET", f"/api/v1/leads/{bench.lead.pk}/"),
        _bare(bench, alice, ONE, bench.lead.pk),
        "bare SQL, token and JSON",
    )


def accept(bench: Bench) -> tuple[Work, Work, str]:
    """A lead accepted by the API with history, alerts and idempotency, beside the bare list."""
    alice, northwind = bench.world.alice, bench.world.northwind
    offers = (make_lead("assigned", northwind) for _ in iter(int, 1))

    def work() -> object:
        lead = next(offers)
        return bench.request(
            alice,
            "POST",
            f"/api/v1/leads/{lead.pk}/transitions/accept/",
            {},
            HTTP_IDEMPOTENCY_KEY=str(lead.pk),
        )

    return work, _bare(bench, alice, LIST, northwind.pk), "bare list (making the offer is counted too)"


def permission(bench: Bench) -> tuple[Work, Work, str]:
    """The list as a partner user, beside the list as the administrator."""
    return (
        lambda: bench.request(bench.world.carol, "GET", "/api/v1/leads/?limit=50"),
        lambda: bench.request(bench.world.admin, "GET", "/api/v1/leads/?limit=50"),
        "the same as administrator",
    )


#: Rows of a file in one round.
FILE = 500


def imports(bench: Bench) -> tuple[Work, Work, str]:
    """500 leads out of a file with all that belongs to them, beside a bare insert of the same rows."""
    module = registry.get("leads")
    header = "reference,topic,company_name,contact_name,email,city,country,region,amount"
    line = "{0},Topic {0},Company {0},Person {0},p{0}@x.example,Berlin,Germany,EMEA,{0}.50\n"
    mapping = FileMapping(columns={name: name for name in header.split(",")})
    numbers = iter(range(10**9))

    def ours() -> None:
        text = f"{header}\n" + "".join(line.format(next(numbers)) for _row in range(FILE))
        table = open_table(lambda: io.BytesIO(text.encode()), "file.csv")
        found = Seen()
        Importer(module, mapping, bench.world.maria).run(table, found, lambda rows: None, write=True)
        found.close()

    def bare() -> None:
        Lead.objects.bulk_create(
            Lead(
                topic=f"Topic {number}",
                company_name=f"Company {number}",
                contact_name=f"Person {number}",
                email=f"p{number}@x.example",
                city="Berlin",
                country="DE",
                region="EMEA",
                amount=Money(number, "USD"),
                reference=f"B{number}",
            )
            for number in (next(numbers) for _row in range(FILE))
        )

    return ours, bare, "bare bulk_create of the same rows"


#: Requests in one round of a case of the touch log, before what they have noted is written.
TOUCHES = 5


def _beside_silence(work: Work) -> tuple[Work, Work, str]:
    """Some requests with the touch log and without it.

    What the log's thread would write meanwhile is written in turn, so that its time counts as well; in
    smaller batches than its own, which cost more for each line.
    """

    def logged() -> None:
        settings.TOUCH_LOG = True
        for _ in range(TOUCHES):
            work()
        flush()

    def silent() -> None:
        settings.TOUCH_LOG = False
        for _ in range(TOUCHES):
            work()

    return logged, silent, f"the same {TOUCHES} requests without the log"


def touched_list(bench: Bench) -> tuple[Work, Work, str]:
    """50 leads of one's own by the API with the touch log, beside the same without it."""
    carol = bench.world.carol
    return _beside_silence(lambda: bench.request(carol, "GET", "/api/v1/leads/?limit=50"))


def touched_page(bench: Bench) -> tuple[Work, Work, str]:
    """The page of the same list with the touch log, beside the same without it."""
    client = Client()
    client.force_login(bench.world.carol)

    def page() -> None:
        assert client.get("/leads/?view=none").status_code == 200

    return _beside_silence(page)


BENCHMARKS: dict[str, Callable[[Bench], tuple[Work, Work, str]]] = {
    "list": api_list,
    "record": record,
    "accept": accept,
    "permission": permission,
    "imports": imports,
    "touched-list": touched_list,
    "touched-page": touched_page,
}
