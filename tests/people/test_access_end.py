"""Nothing leads back in past a deactivation: no left-over invitation, no colleague."""

import pytest

from prm.modules import registry
from prm.modules.actions import update
from prm.people.actions import accept_invitation, deactivate, invite, reactivate
from prm.people.models import Invitation, User
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput, NotFound

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-enough-passphrase"


def take(invitation, name="Carl"):
    return accept_invitation(invitation.fresh_token, name=name, password=PASSWORD)


@pytest.fixture
def vendor(world):
    return Actor.of(world.maria)


def test_a_second_link_to_one_address_ends_with_the_first(world):
    first, second = (invite(Actor.of(world.alice), email="carl@northwind.example") for _ in range(2))
    take(first)
    with pytest.raises(NotFound):
        take(second)


def test_a_link_lets_no_deactivated_user_back_in(world, vendor):
    carl = take(invite(Actor.of(world.alice), email="carl@northwind.example"))
    left_over = invite(Actor.of(world.alice), email="carl@northwind.example")
    deactivate(vendor, carl)
    with pytest.raises(NotFound):
        take(left_over)
    with pytest.raises(InvalidInput):
        take(invite(Actor.of(world.alice), email="carl@northwind.example"))
    assert not User.objects.get(pk=carl.pk).is_active


def test_invitations_end_with_whoever_sent_them(world, vendor):
    mal = take(invite(Actor.of(world.alice), email="mal@northwind.example", is_admin=True))
    sent = invite(Actor.of(User.objects.get(pk=mal.pk)), email="private@elsewhere.example", is_admin=True)
    deactivate(vendor, mal)
    assert Invitation.objects.get(pk=sent.pk).state == "revoked"
    with pytest.raises(NotFound):
        take(sent)


def test_colleagues_do_not_undo_what_the_vendor_did(world, vendor):
    deactivate(vendor, world.bob)
    with pytest.raises(Denied):
        reactivate(Actor.of(world.alice), world.bob)
    reactivate(vendor, world.bob)
    deactivate(Actor.of(world.alice), world.bob)
    reactivate(Actor.of(world.alice), world.bob)
    assert User.objects.get(pk=world.bob.pk).is_active


def test_the_mark_itself_is_nobodys_to_set(world):
    with pytest.raises(InvalidInput):
        update(Actor.of(world.alice), registry.get("users"), world.bob.pk, {"barred": False})
