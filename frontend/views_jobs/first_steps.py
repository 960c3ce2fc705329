"""What an administrator does with an empty portal, each step with a tick once it is done."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from prm.access.rights import administers, visible
from prm.modules import registry
from prm.vendor.queries import vendor


def steps(user: Any) -> list[dict[str, Any]]:
    """The steps in the order in which they help: title, text, url, done."""

    def there(key: str, **conditions: Any) -> bool:
        return visible(user, registry.get(key)).filter(**conditions).exists()

    managed = {"portal__channel": True}
    return [
        _step(
            _("Say who you are"),
            _("Name, address, logo and colour, for the pages, mails and quotes."),
            reverse("settings"),
            vendor().version > 0,
        ),
        _step(
            _("Name your mail server"),
            _("Invitations, alerts and quotes leave by it. Until then they are only printed by the server."),
            reverse("settings-mail"),
            vendor().mails or settings.EMAIL_FROM_ENVIRONMENT,
        ),
        _step(
            _("Invite a channel manager"),
            _("They look after partners, approve applications and distribute leads."),
            f"{reverse('module-new', args=['invitations'])}",
            there("users", **managed) or there("invitations", **managed),
        ),
        _step(
            _("Draw the territories"),
            _("Regions and segments that a partner serves; leads find their partner by them."),
            reverse("module-new", args=["territories"]),
            there("territories"),
        ),
        _step(
            _("Enter your products"),
            _("Leads, opportunities and quotes name them."),
            reverse("module-new", args=["products"]),
            there("products"),
        ),
        _step(
            _("Make a price book"),
            _("Quotes take their prices from it: one book for all partners, or several for types and tiers."),
            reverse("module-new", args=["price-books"]),
            there("price-books"),
        ),
        _step(
            _("Enter the tax rates"),
            _("By country. Where none is known, a quote adds no tax, and says so."),
            reverse("module-new", args=["tax-rates"]),
            there("tax-rates"),
        ),
        _step(
            _("Set the discount limits"),
            _("A quote further below the price book than the partner's tier may go has to be approved."),
            reverse("module-list", args=["tier-terms"]),
            # They begin with limits of our own; whoever is content with those puts the list away.
            there("tier-terms", version__gt=1),
        ),
        _step(
            _("Bring in your partners"),
            _("Enter them one by one, or import the list that you have."),
            reverse("module-list", args=["partners"]),
            there("partners"),
        ),
        _step(
            _("Share the registration link"),
            _("Companies apply to become a partner at %(url)s") % {"url": register_url()},
            reverse("register"),
            there("registrations"),
        ),
    ]


def register_url() -> str:
    """Where companies apply, as one gives it to others."""
    return f"{settings.PUBLIC_URL}{reverse('register')}"


def left(user: Any) -> list[dict[str, Any]]:
    """All steps for an administrator's home page; none once they are done, or were put away."""
    if not administers(user) or vendor().first_steps_away:
        return []
    found = steps(user)
    return [] if all(one["done"] for one in found) else found


def _step(title: str, text: str, url: str, done: bool) -> dict[str, Any]:
    return {"title": title, "text": text, "url": url, "done": done}
