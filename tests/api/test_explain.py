"""The answer why, over the API: all of it for who manages portals, for others what reveals nothing."""

from typing import Any

from prm.access.models import Grant
from prm.access.policy import touch
from prm.people.models import User


def test_api_tells_managers_about_anybody(world: Any, as_: Any) -> None:
    grant = Grant.objects.get(module="portals", portal__key="administrator")
    scope = grant.scopes.get()
    scope.actions = sorted({*scope.actions, "edit"})
    scope.save()
    touch(grant.portal)
    lead = world.northwind_lead
    path = f"leads/{lead.pk}/explain/?verb=view"
    status, told = as_(User.objects.get(pk=world.admin.pk)).get(f"{path}&user={world.carol.pk}")
    assert (status, told["allowed"], told["code"]) == (200, False, "not_among_rows")
    assert told["user"] == str(world.carol.pk)
    assert any("Contoso Partners" in one["needs"] for one in told["checks"]) and told["changes"]
    assert as_(world.carol).get(path)[0] == 404
    status, problem = as_(world.bob).get(f"{path}&user={world.carol.pk}")
    assert (status, list(problem["errors"])) == (422, ["user"])
    status, problem = as_(world.bob).get(f"{path}&user={lead.pk}")
    assert (status, list(problem["errors"])) == (422, ["user"])
    status, told = as_(world.bob).get(f"{path}&field=reference")
    assert (status, list(told["errors"])) == (422, ["field"])
    status, told = as_(world.bob).get(f"{path}&field=topic")
    assert (status, told["allowed"], told["changes"]) == (200, True, [])


def test_creating_is_asked_of_the_module(world: Any, as_: Any) -> None:
    path = "accounts/explain/?verb=create"
    status, told = as_(world.bob).get(path)
    assert (status, told["allowed"], told["changes"]) == (200, True, [])
    assert "this record" not in told["text"]
    admin = as_(world.admin)
    status, told = admin.get(f"{path}&user={world.dana.pk}")
    assert (status, told["allowed"], told["code"]) == (200, False, "no_action")
    assert told["changes"][0]["details"]["action"] == "create"
    status, told = admin.get(f"leads/explain/?verb=create&user={world.erin.pk}")
    assert (status, told["code"]) == (200, "not_granted")
    assert told["changes"][0]["details"]["spec"]["where"] is None
    assert "this record" not in told["changes"][0]["text"]
    status, told = admin.get(f"{path}&field=name&user={world.bob.pk}")
    assert (status, told["allowed"], told["field"]) == (200, True, "name")
    assert as_(world.bob).get("accounts/explain/?verb=view")[0] == 400
    assert as_(world.bob).get(f"{path}&user={world.alice.pk}")[0] == 422
    assert as_(world.erin).get("leads/explain/?verb=create")[0] == 404
