"""What portals show of the offers of a kind of record: the same for every kind that is offered."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.access.specs import READ, GrantSpec, ScopeSpec
from prm.modules.registry import Module, Section, Text, fields
from prm.opportunities.offers import Assignment

OWN = {"field": "partner", "op": "is", "value": "$user.company"}

_ALL = GrantSpec(scopes=(ScopeSpec(name="all offers", where=None, actions=("view",)),), views=("list",))


def assignment_module(
    *, key: str, model: type[Assignment], subject: str, label: Text, label_plural: Text
) -> Module:
    """The module of the rows of `model`, each an offer of the record in its field `subject`.

    Nobody writes them: they come of the transitions of what is offered. A partner reads those made to it.
    """
    offer = ("topic", subject, "partner", "state", "reason", "offered_by")
    answer = ("offered_at", "due_at", "decided_at", "decline_reason", "decline_note")
    return Module(
        key=key,
        model=model,
        label=label,
        label_plural=label_plural,
        icon="send",
        title="topic",
        fields=fields(
            model,
            **{name: {"create": False, "edit": False} for name in (*offer, *answer, "created_at")},
            territory={"source": "partner__territory", "label": _("Territory")},
            channel_manager={
                "source": "partner__channel_manager",
                "label": _("Channel manager of the partner"),
            },
        ),
        columns=("topic", "partner", "state", "offered_at", "due_at", "decided_at", "decline_reason"),
        layout=(Section(_("Offer"), offer), Section(_("Answer"), answer)),
        search=("topic",),
        filters=(
            "state",
            "partner",
            "territory",
            "channel_manager",
            subject,
            "offered_at",
            "due_at",
            "decided_at",
            "decline_reason",
        ),
        ordering=("offered_at", "due_at", "created_at"),
        default_ordering="-offered_at",
        nav=False,
        grants={
            "administrator": _ALL,
            "channel_manager": _ALL,
            "partner": GrantSpec(
                scopes=(
                    ScopeSpec(name="offers to the company", where=OWN, actions=("view",), fields={"*": READ}),
                ),
                views=("list",),
            ),
        },
    )
