"""What an applicant is told by mail. Each mail with a link has its own token; the one before ends."""

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from prm.people.mail import post
from prm.people.tokens import new_token, token_hash
from prm.vendor.looks import public_url
from prm.vendor.queries import vendor

if TYPE_CHECKING:
    from prm.partners.models import Registration


def _hello(registration: "Registration") -> str:
    name = registration.contact_name
    return _("Hello %(name)s,") % {"name": name} if name else _("Hello,")


def renew_link(registration: "Registration") -> str:
    """Sets a new mail token on the registration (the caller saves it) and returns the address of its page."""
    token = new_token()
    registration.mail_token_hash = token_hash(token)
    registration.token_expires_at = timezone.now() + timedelta(days=settings.REGISTRATION_DAYS)
    return public_url(f"/register/r/{token}/")


def started(registration: "Registration") -> None:
    post(
        registration.contact_email,
        _("Your application to become a partner of %(vendor)s") % {"vendor": vendor().name},
        [
            _hello(registration),
            _(
                "Open the link to confirm your email address. It also brings you back to your application, "
                "on any device, for the next %(days)d days."
            )
            % {"days": settings.REGISTRATION_DAYS},
        ],
        button=_("Confirm and continue"),
        url=renew_link(registration),
        note=_("If you did not ask for this, do nothing: an application that nobody confirms is not read."),
    )


def received(registration: "Registration") -> None:
    post(
        registration.contact_email,
        _("We have received your application"),
        [
            _hello(registration),
            _(
                "Thank you. We have received the application of %(company)s (%(reference)s) and will answer "
                "soon."
            )
            % {"company": registration.company_name, "reference": registration.reference},
        ],
        button=_("See how it stands"),
        url=renew_link(registration),
    )


def question(registration: "Registration") -> None:
    post(
        registration.contact_email,
        _("A question about your application"),
        [
            _hello(registration),
            _("Before we can decide on the application of %(company)s (%(reference)s), please answer this:")
            % {"company": registration.company_name, "reference": registration.reference},
        ],
        quote=registration.request_note,
        button=_("Answer"),
        url=renew_link(registration),
    )


def approved(registration: "Registration") -> None:
    post(
        registration.contact_email,
        _("Welcome as a partner of %(vendor)s") % {"vendor": vendor().name},
        [
            _hello(registration),
            _(
                "We are glad to welcome %(company)s as a partner. An invitation to the portal follows in a "
                "mail of its own; open it to make your login and to see what comes next."
            )
            % {"company": registration.company_name},
        ],
    )


def rejected(registration: "Registration", comment: str) -> None:
    post(
        registration.contact_email,
        _("Your application to become a partner of %(vendor)s") % {"vendor": vendor().name},
        [
            _hello(registration),
            _("Thank you for your interest. We cannot accept the application of %(company)s (%(reference)s).")
            % {"company": registration.company_name, "reference": registration.reference},
            _("Reason: %(reason)s.") % {"reason": registration.get_reject_reason_display()},
        ],
        quote=comment,
    )
