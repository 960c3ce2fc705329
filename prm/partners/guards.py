"""What a registration or a partner needs before it may go on, each with the reason why not.

Queries are imported inside: they need the models, which are made of these guards' workflow.
"""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from workflows.machine import Context, guard

if TYPE_CHECKING:
    from prm.partners.models import Partner, Registration

#: With the email address, which starts the draft, and the agreement: seven that an applicant must give.
REQUIRED_ANSWERS = ("company_name", "website", "country", "contact_name", "partner_type")


@guard("email_not_confirmed")
def email_confirmed(registration: "Registration", ctx: Context) -> str | None:
    if registration.email_confirmed_at is None:
        return _("Open the link in the mail to confirm your email address first.")
    return None


@guard("incomplete")
def complete(registration: "Registration", ctx: Context) -> str | None:
    names = {column.name: str(column.verbose_name) for column in registration._meta.concrete_fields}
    missing = [names[name] for name in REQUIRED_ANSWERS if not getattr(registration, name)]
    return _("Still missing: %(fields)s.") % {"fields": ", ".join(missing)} if missing else None


@guard("agreement_not_accepted")
def agreement_accepted(registration: "Registration", ctx: Context) -> str | None:
    """The version that was current when it was accepted counts, even if a newer one appeared meanwhile."""
    from prm.partners.queries import current_agreement

    if registration.agreement_accepted_at is None and current_agreement() is not None:
        return _("The partner agreement has not been accepted.")
    return None


@guard("not_a_channel_manager", needs_inputs=True)
def manager_is_staff(registration: "Registration", ctx: Context) -> str | None:
    manager = ctx.inputs.get("channel_manager")
    if manager is not None and not (manager.is_active and manager.portal_id and manager.portal.staff):
        return _("Only the vendor's own people can own a partner.")
    return None


@guard("duplicate_partner", needs_inputs=True)
def duplicate_confirmed(registration: "Registration", ctx: Context) -> str | None:
    from prm.partners.queries import partner_duplicates

    if ctx.inputs.get("confirm_duplicate"):
        return None
    found = partner_duplicates(registration)
    if found:
        return _("%(name)s looks like the same company. Confirm that you want a second partner.") % {
            "name": found[0]["title"]
        }
    return None


@guard("onboarding_incomplete")
def onboarding_done(partner: "Partner", ctx: Context) -> str | None:
    missing = [str(step.title) for step in partner.onboarding_steps.filter(required=True, done_at=None)]
    return _("Still to do: %(steps)s.") % {"steps": ", ".join(missing)} if missing else None
