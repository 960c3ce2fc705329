"""Who may do what in which state: written by hand from the contract, apart from the application.

Nothing here imports from it. For each module: state → role → names of the transitions that are possible on a
record that is the role's own (held by, or on offer to, its company), with every guard satisfied. What is not
listed must be refused.
"""

from __future__ import annotations

# The roles of the cast, where a rival is a user of another partner than the record's; and those who act
# without a login: the holder of an applicant's link, the timer, the system itself.
PEOPLE = (
    "administrator",
    "channel_manager",
    "partner_admin",
    "partner_user",
    "rival",
    "customer",
    "employee",
)
ROLES = (*PEOPLE, "anonymous", "applicant", "timer", "system")

Table = dict[str, dict[str, set[str]]]


def _table(states: dict[str, dict[str, str]]) -> Table:
    return {
        state: {
            role: set(by_role.get(role, by_role.get(PARTNER.get(role, ""), "")).split()) for role in ROLES
        }
        for state, by_role in states.items()
    }


#: Both kinds of partner user do the same work.
PARTNER = {"partner_admin": "partner", "partner_user": "partner"}

LEADS = _table(
    {
        "new": {
            "administrator": "assign release disqualify",
            "channel_manager": "assign release disqualify",
        },
        "pooled": {
            # An administrator has no company that could claim.
            "administrator": "assign withdraw_from_pool disqualify",
            "channel_manager": "assign withdraw_from_pool disqualify",
            "partner": "claim",
            "rival": "claim",
            "timer": "withdraw_from_pool",
        },
        "assigned": {
            "administrator": "accept decline recall",
            "channel_manager": "recall",
            "partner": "accept decline",
            "timer": "expire",
            "system": "recall",
        },
        "accepted": {
            "administrator": "recall contact qualify disqualify hand_over",
            "channel_manager": "recall disqualify",
            "system": "recall",
            "partner": "contact qualify disqualify hand_over",
        },
        "contacted": {
            "administrator": "recall qualify disqualify hand_over",
            "channel_manager": "recall disqualify",
            "system": "recall",
            "partner": "qualify disqualify hand_over",
        },
        "qualified": {
            "administrator": "recall convert disqualify hand_over",
            "channel_manager": "recall disqualify",
            "system": "recall",
            "partner": "convert disqualify hand_over",
        },
        "converted": {},
        "disqualified": {"administrator": "reopen", "channel_manager": "reopen", "partner": "reopen"},
    }
)

OPPORTUNITIES = _table(
    {
        "draft": {"administrator": "distribute lose", "channel_manager": "distribute lose"},
        "distributed": {
            "administrator": "accept decline recall lose",
            "channel_manager": "recall lose",
            "partner": "accept decline",
            "timer": "expire",
            "system": "recall",
        },
        "managed": {
            "administrator": "recall win lose hand_over",
            "channel_manager": "recall lose",
            "partner": "win lose hand_over",
            "system": "recall",
        },
        "won": {"administrator": "reopen", "channel_manager": "reopen", "partner": "reopen"},
        "lost": {"administrator": "reopen", "channel_manager": "reopen", "partner": "reopen"},
    }
)

PARTNERS = _table(
    {
        "onboarding": {"administrator": "activate terminate", "channel_manager": "activate terminate"},
        "active": {"administrator": "suspend terminate", "channel_manager": "suspend terminate"},
        "suspended": {"administrator": "reinstate terminate", "channel_manager": "reinstate terminate"},
        "terminated": {},
    }
)

_REVIEW = "return_for_information approve reject"
REGISTRATIONS = _table(
    {
        "draft": {"applicant": "submit withdraw", "timer": "withdraw"},
        "submitted": {
            "administrator": f"start_review {_REVIEW}",
            "channel_manager": f"start_review {_REVIEW}",
            "applicant": "withdraw",
            "timer": "withdraw",
        },
        "under_review": {
            "administrator": _REVIEW,
            "channel_manager": _REVIEW,
            "applicant": "withdraw",
            "timer": "withdraw",
        },
        "returned": {"applicant": "submit withdraw", "timer": "withdraw"},
        "approved": {},
        "rejected": {},
        "withdrawn": {},
    }
)

QUOTES = _table(
    {
        "draft": {
            "administrator": "submit withdraw",
            "channel_manager": "withdraw",
            "partner": "submit withdraw",
            "system": "withdraw",
        },
        # Nobody at the partner approves what the partner asks for.
        "pending_approval": {
            "administrator": "approve return_to_draft revise withdraw",
            "channel_manager": "approve return_to_draft withdraw",
            "partner": "revise withdraw",
            "system": "withdraw",
        },
        "approved": {
            "administrator": "send revise withdraw",
            "channel_manager": "withdraw",
            "partner": "send revise withdraw",
            "timer": "expire",
            "system": "withdraw",
        },
        "sent": {
            "administrator": "accept decline revise send_again withdraw",
            "channel_manager": "withdraw",
            "partner": "accept decline revise send_again withdraw",
            "customer": "accept decline",
            "timer": "expire",
            "system": "withdraw",
        },
        "accepted": {
            "administrator": "revise order",
            "channel_manager": "order",
            "partner": "revise order",
        },
        "declined": {"administrator": "revise", "partner": "revise"},
        "expired": {"administrator": "revise", "partner": "revise"},
        "superseded": {},
        "withdrawn": {},
        "ordered": {},
    }
)

DOCUMENTS = _table(
    {
        "draft": {"administrator": "publish", "channel_manager": "publish"},
        "scheduled": {
            "administrator": "retire rework",
            "channel_manager": "retire rework",
            "timer": "appear retire",
        },
        "published": {
            "administrator": "extend retire",
            "channel_manager": "extend retire",
            "timer": "retire",
        },
        "retired": {"administrator": "rework", "channel_manager": "rework"},
    }
)

#: Bringing up to date is for drafts of a version that is no longer in force; these are of the present one.
PORTAL_DRAFTS = _table(
    {
        "draft": {"administrator": "submit discard"},
        "in_review": {"administrator": "return_to_draft publish discard"},
        "published": {},
        "discarded": {},
    }
)

EXPECTED: dict[str, Table] = {
    "documents": DOCUMENTS,
    "leads": LEADS,
    "opportunities": OPPORTUNITIES,
    "partners": PARTNERS,
    "registrations": REGISTRATIONS,
    "quotes": QUOTES,
    "portal-drafts": PORTAL_DRAFTS,
}

_QUOTING = ("administrator", "partner_admin", "partner_user")

#: Where a guard stands against what the tables above allow: (module, case) → role → transitions.
EXCEPT: dict[tuple[str, str], dict[str, set[str]]] = {
    ("documents", "nothing to read"): {role: {"publish"} for role in ("administrator", "channel_manager")},
    ("documents", "expired before"): {role: {"publish"} for role in ("administrator", "channel_manager")},
    ("leads", "worked by a colleague"): {"partner_user": {"hand_over"}},
    # Because the only colleague's login has ended: so that one does nothing at all.
    ("leads", "nobody to hand it to"): {
        "administrator": {"hand_over"},
        "partner_admin": {"hand_over"},
        "partner_user": {"qualify", "disqualify", "hand_over"},
    },
    ("opportunities", "worked by a colleague"): {"partner_user": {"hand_over"}},
    ("partners", "checklist open"): {role: {"activate"} for role in ("administrator", "channel_manager")},
    ("quotes", "no lines"): {role: {"submit"} for role in _QUOTING},
    ("quotes", "past its last day"): {"administrator": {"approve"}, "channel_manager": {"approve"}},
    ("quotes", "contact without email"): {role: {"send"} for role in _QUOTING},
    ("quotes", "deal lost"): {role: {"accept", "revise", "send_again"} for role in (*_QUOTING, "customer")},
    ("quotes", "partner suspended"): {role: {"submit"} for role in _QUOTING},
    ("registrations", "email not confirmed"): {"applicant": {"submit"}},
    ("registrations", "answers missing"): {"applicant": {"submit"}},
}

#: The machines as the contract has them: transition → (states it starts in, states it may end in).
CONTRACT: dict[str, dict[str, tuple[str, str]]] = {
    "registrations": {
        "submit": ("draft returned", "submitted"),
        "start_review": ("submitted", "under_review"),
        "return_for_information": ("submitted under_review", "returned"),
        "approve": ("submitted under_review", "approved"),
        "reject": ("submitted under_review", "rejected"),
        "withdraw": ("draft submitted under_review returned", "withdrawn"),
    },
    "partners": {
        "activate": ("onboarding", "active"),
        "suspend": ("active", "suspended"),
        "reinstate": ("suspended", "active"),
        "terminate": ("onboarding active suspended", "terminated"),
    },
    "leads": {
        "assign": ("new pooled", "assigned"),
        "release": ("new", "pooled"),
        "withdraw_from_pool": ("pooled", "new"),
        "claim": ("pooled", "accepted"),
        "accept": ("assigned", "accepted"),
        "decline": ("assigned", "new"),
        "expire": ("assigned", "new"),
        "recall": ("assigned accepted contacted qualified", "new"),
        "contact": ("accepted", "contacted"),
        "qualify": ("accepted contacted", "qualified"),
        "convert": ("qualified", "converted"),
        "disqualify": ("new pooled accepted contacted qualified", "disqualified"),
        "reopen": ("disqualified", "accepted new"),
    },
    "quotes": {
        "submit": ("draft", "approved pending_approval"),
        "approve": ("pending_approval", "approved"),
        "return_to_draft": ("pending_approval", "draft"),
        "send": ("approved", "sent"),
        "send_again": ("sent", "sent"),
        "accept": ("sent", "accepted"),
        "decline": ("sent", "declined"),
        "expire": ("approved sent", "expired"),
        "revise": ("pending_approval approved sent accepted declined expired", "superseded"),
        "withdraw": ("draft pending_approval approved sent", "withdrawn"),
        "order": ("accepted", "ordered"),
    },
    "portal-drafts": {
        "submit": ("draft", "in_review"),
        "return_to_draft": ("in_review", "draft"),
        "publish": ("in_review", "published"),
        "rebase": ("draft in_review", "draft"),
        "discard": ("draft in_review", "discarded"),
    },
    "opportunities": {
        "distribute": ("draft", "distributed"),
        "accept": ("distributed", "managed"),
        "decline": ("distributed", "draft"),
        "expire": ("distributed", "draft"),
        "recall": ("distributed managed", "draft"),
        "win": ("managed", "won"),
        "lose": ("draft distributed managed", "lost"),
        "reopen": ("won lost", "managed draft"),
    },
}
