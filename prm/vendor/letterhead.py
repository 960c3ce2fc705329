"""What stands at the head of each mail: name or logo, and the colour of buttons, as its reader knows them."""

from __future__ import annotations

from typing import Any

from prm.access.models import Portal
from prm.vendor.looks import Logo, own_look, public_url, shades
from prm.vendor.queries import vendor

#: The accent of a portal whose vendor has chosen no colour (see the tokens of the pages).
ACCENT = "#0b5c6b"
#: How large a logo is shown in a mail, in pixels.
LOGO_HEIGHT, LOGO_WIDTH = 32, 220


def letterhead(portal: Portal | None = None) -> dict[str, Any]:
    """For the templates of mails to the users of a portal; to others, the vendor's.

    vendor: its name; brand: what stands at the head; under_logo: the portal's title, below the vendor's logo;
    accent; a logo's address and measures, or "".
    """
    known = vendor()
    own = own_look(portal) if portal is not None and not portal.archived else None
    colours = shades(own.accent) if own and own.accent else known.palette
    logo = own.logo if own else None
    if logo is None and known.logo:
        logo = Logo(f"/look/logo.png?v={known.logo.mark}", known.logo.width, known.logo.height)
    title = own.title if own else ""
    context: dict[str, Any] = {
        "vendor": known.name,
        "brand": title or known.name,
        "under_logo": title if logo and own and not own.logo else "",
        "accent": colours.light.fill if colours else ACCENT,
        "logo_url": "",
    }
    if logo:
        share = min(LOGO_HEIGHT / logo.height, LOGO_WIDTH / logo.width, 1)
        context |= {
            "logo_url": public_url(logo.url, portal),
            "logo_width": round(logo.width * share),
            "logo_height": round(logo.height * share),
        }
    return context
