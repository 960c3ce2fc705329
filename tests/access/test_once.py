"""What a user may do is found out once for a request, and asks the database nothing of its own."""

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils.functional import SimpleLazyObject

from prm.access import policy as policies
from prm.access.policy import NOTHING
from prm.access.rights import Rights, carrying, rights_for
from prm.people.models import User
from tests.factories import make_lead

pytestmark = pytest.mark.django_db

TABLES = ("access_grant", "access_scope", "access_portalversion")


@pytest.fixture
def made(monkeypatch):
    """Users for whom rights were found out, and portals that were compiled."""
    found = []
    first, compiled = Rights.__init__, policies.compile_document

    def init(self, user, policy=None):
        if policy is None:
            found.append(user.pk)
        first(self, user, policy)

    def compile_document(key, *rest):
        found.append(key)
        return compiled(key, *rest)

    monkeypatch.setattr(Rights, "__init__", init)
    monkeypatch.setattr(policies, "compile_document", compile_document)
    return found


@pytest.mark.parametrize("path", ["/leads/", "/api/v1/leads/", "/opportunities/"])
def test_rights_are_found_out_once_a_request(world, made, path):
    for _ in range(20):
        make_lead("accepted", world.northwind)
    client = Client()
    client.force_login(world.bob)
    assert client.get(path).status_code == 200
    del made[:]
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert client.get(path).status_code == 200
    assert [one for one in made if one == world.bob.pk] == [world.bob.pk]
    assert made == [world.bob.pk]
    assert [one["sql"] for one in caught if any(table in one["sql"] for table in TABLES)] == []


def test_another_policy_leaves_the_user_of_the_request_alone(world):
    request = RequestFactory().get("/")
    request.user = SimpleLazyObject(lambda: User.objects.get(pk=world.bob.pk))
    other = carrying(request.user, NOTHING)
    assert rights_for(other).policy is NOTHING
    assert rights_for(request.user).policy.grants
    assert not hasattr(request.user, "policy") or request.user.policy is None
