"""A module as a newcomer would add it: this folder, and nothing else in the tree."""

from prm.access.specs import GrantSpec, ScopeSpec
from prm.modules.registry import Module, fields
from tests.gadgets.models import Gadget

MINE = {"field": "holder", "op": "is", "value": "$user.company"}

modules = [
    Module(
        key="gadgets",
        model=Gadget,
        label="Gadget",
        label_plural="Gadgets",
        title="name",
        fields=fields(
            Gadget, "name", "secret", "note", "size", "holder", "state", "due_at", "created_at", "updated_at"
        ),
        columns=("name", "size", "holder", "state", "due_at"),
        search=("name", "secret"),
        filters=("state", "size", "holder", "secret", "created_at"),
        ordering=("created_at", "size", "secret", "name"),
        board="state",
        notify={"gadget.lent": ("partner_users",)},
        grants={
            "administrator": GrantSpec(
                scopes=(
                    ScopeSpec(
                        name="all gadgets",
                        where=None,
                        actions=("view", "create", "edit", "delete", "*"),
                        fields={"*": "write"},
                    ),
                )
            ),
            "partner": GrantSpec(
                scopes=(
                    ScopeSpec(
                        name="lent to us",
                        where=MINE,
                        actions=("view", "edit", "take_back"),
                        fields={"*": "read", "secret": {"lent": "hidden", "*": "read"}, "note": "write"},
                    ),
                    ScopeSpec(
                        name="small ones",
                        where={"field": "size", "op": "<=", "value": 3},
                        actions=("view",),
                        fields={"name": "read", "size": "read", "state": "read", "created_at": "read"},
                    ),
                )
            ),
        },
    )
]
