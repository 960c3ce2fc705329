"""Who the vendor of the demo is: its name, address and terms, and a logo that is drawn on the spot."""

from __future__ import annotations

from PIL import Image, ImageDraw, ImageFont

from prm.demo import words
from prm.vendor import actions
from prm.vendor.logos import Drawn, fitted
from workflows.actor import Actor

INK, ACCENT = "#1b1e1f", "#0b5c6b"


def fill() -> None:
    """Fills in the vendor's profile."""
    # A company at work needs no first steps.
    values = {**words.VENDOR, "first_steps_away": True}
    actions.save(Actor.system(), values, logo=_logo(words.VENDOR["name"]))


def _logo(name: str) -> Drawn:
    picture = Image.new("RGBA", (900, 120), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle((0, 0, 119, 119), 30, fill=ACCENT)
    pen.line(((30, 36), (60, 88), (90, 36)), fill="#ffffff", width=13, joint="curve")
    pen.text((146, 60), name, fill=INK, font=ImageFont.load_default(size=72), anchor="lm")
    return fitted(picture)
