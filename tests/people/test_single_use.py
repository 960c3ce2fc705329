"""Eight browsers send the same invitation link at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connection

from prm.people.actions import accept_invitation, invite
from prm.people.models import User
from tests.cast import build_world
from tests.mails import sent_to, token_in
from workflows.actor import Actor
from workflows.errors import NotFound

AT_ONCE = 8


def test_one_link_makes_one_login(transactional_db):
    world = build_world()
    invite(Actor.of(world.alice), email="yan@northwind.example")
    token = token_in(sent_to("yan@northwind.example")[0], "/invite/")
    start = Barrier(AT_ONCE)

    def attempt(number):
        start.wait()
        try:
            return accept_invitation(token, name=f"Yan {number}", password="a-long-enough-one").name
        except NotFound:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(attempt, range(AT_ONCE)))
    accepted = [name for name in answers if name]
    assert len(accepted) == 1
    assert User.objects.get(email="yan@northwind.example").name == accepted[0]
