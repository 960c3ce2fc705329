import pytest

from prm.modules import registry
from prm.modules.actions import create, update
from prm.modules.read import get_row, list_page
from prm.partners.models import Agreement, Territory
from prm.partners.queries import current_agreement
from tests.factories import make_agreement
from workflows.actor import Actor
from workflows.errors import Denied


def test_an_administrator_draws_territories(world):
    territories = registry.get("territories")
    made = create(Actor.of(world.admin), territories, {"name": "Iberia", "regions": " EMEA ,, APAC"})
    assert Territory.objects.get(pk=made.pk).regions == ["EMEA", "APAC"]
    update(Actor.of(world.admin), territories, made.pk, {"segments": "SMB"})
    assert Territory.objects.get(pk=made.pk).segments == ["SMB"]
    with pytest.raises(Denied):
        create(Actor.of(world.maria), territories, {"name": "Mine"})
    rows = list_page(world.maria, territories, {"search": "AMER"}).rows
    assert [row["name"] for row in rows] == ["North America"]


def test_what_may_have_been_accepted_is_not_rewritten(world):
    agreements = registry.get("agreements")
    draft = create(
        Actor.of(world.admin), agreements, {"number": "2027-1", "title": "Next", "text": "Better."}
    )
    assert update(Actor.of(world.admin), agreements, draft.pk, {"text": "Best."}).text == "Best."
    with pytest.raises(Denied):
        update(Actor.of(world.admin), agreements, world.agreement.pk, {"text": "Other."})
    with pytest.raises(Denied):
        create(Actor.of(world.maria), agreements, {"number": "3", "title": "My own", "text": "x"})
    assert get_row(world.alice, agreements, draft.pk) is None
    assert get_row(world.alice, agreements, world.agreement.pk)["number"] == "2026-1"


def test_the_latest_published_agreement_counts(world):
    make_agreement("2026-2", published_at=None)
    assert current_agreement() == world.agreement
    assert Agreement.objects.count() == 2
