"""Denied by default: no page without a login, and no page that did not ask."""

from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import RequestFactory

from prm.access import rights
from prm.access.middleware import AskedGuard, LoginRequired
from prm.modules import registry

pytestmark = pytest.mark.django_db


def request(user, name="record", namespace=""):
    made = RequestFactory().get("/leads/")
    made.user = user
    view_name = f"{namespace}:{name}" if namespace else name
    made.resolver_match = SimpleNamespace(view_name=view_name, namespace=namespace)
    return made


def forgetful(_request):
    return HttpResponse("everything there is")


def asking(request):
    rights.visible(request.user, registry.get("gadgets"))
    return HttpResponse("what you may see")


def test_a_page_that_did_not_ask_fails(world):
    with pytest.raises(AssertionError, match="record answered without asking"):
        AskedGuard(forgetful)(request(world.alice))


def test_one_request_does_not_ask_for_the_next(world):
    AskedGuard(asking)(request(world.alice))
    with pytest.raises(AssertionError):
        AskedGuard(forgetful)(request(world.alice))


def test_a_page_that_asked_is_answered(world):
    assert AskedGuard(asking)(request(world.alice)).status_code == 200


@pytest.mark.parametrize("name", ["account_change_password", "me", "theme"])
def test_pages_of_ones_own_login_need_not_ask(world, name):
    assert AskedGuard(forgetful)(request(world.alice, name)).status_code == 200


@pytest.mark.parametrize(
    ("name", "namespace", "answered"),
    [
        ("record", "", False),
        ("home", "", False),
        ("membership", "", False),
        ("account_login", "", True),
        ("register-email", "", True),
        ("invite", "", True),
        ("module-list", "api", True),
        (None, "", False),
    ],
)
def test_an_anonymous_visitor_sees_the_written_list(name, namespace, answered):
    made = request(AnonymousUser(), name, namespace)
    refused = LoginRequired(forgetful).process_view(made, forgetful, (), {})
    assert (refused is None) is answered
    if refused is not None:
        assert (refused.status_code, refused["Location"]) == (302, "/account/login/?next=/leads/")


def test_a_part_of_a_page_sends_the_whole_page_to_the_login():
    made = RequestFactory().get("/leads/", headers={"HX-Request": "true", "HX-Current-URL": "/offered/"})
    made.user, made.resolver_match = AnonymousUser(), SimpleNamespace(view_name="record", namespace="")
    refused = LoginRequired(forgetful).process_view(made, forgetful, (), {})
    assert (refused.status_code, refused["HX-Redirect"]) == (401, "/account/login/?next=/offered/")
