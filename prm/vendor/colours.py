"""The colours that follow from the one that the vendor chose, readable on light and on dark.

A brand's colour is made for logos. For text and buttons the same hue is made darker on light ground, and
lighter on dark ground, until it has the contrast that WCAG AA asks for: 4.5 to 1.
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import Callable
from dataclasses import dataclass

AA = 4.5
HEX = re.compile(r"#[0-9a-fA-F]{6}")
WHITE = "#ffffff"
# Grounds that text in the accent's colour stands on (see the tokens of the pages), the hardest ones.
LIGHT_GROUNDS, DARK_GROUNDS = ("#efede7", "#ffffff"), ("#131517", "#24282b")

Rgb = tuple[float, float, float]


def _rgb(colour: str) -> Rgb:
    return tuple(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))  # type: ignore[return-value]


def _hex(rgb: Rgb) -> str:
    return "#" + "".join(f"{round(max(0.0, min(1.0, part)) * 255):02x}" for part in rgb)


def luminance(colour: str) -> float:
    """Relative luminance of "#rrggbb" as WCAG 2 defines it, 0 to 1."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _rgb(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _lightness(colour: str, change: Callable[[float], float]) -> str:
    hue, light, saturation = colorsys.rgb_to_hls(*_rgb(colour))
    return _hex(colorsys.hls_to_rgb(hue, change(light), saturation))


def _until(colour: str, enough: Callable[[str], bool], step: float) -> str:
    """The nearest shade of the same hue that is enough; black or white is the last of them."""
    hue, light, saturation = colorsys.rgb_to_hls(*_rgb(colour))
    while not enough(shade := _hex(colorsys.hls_to_rgb(hue, light, saturation))):
        if light == (1.0 if step > 0 else 0.0):
            break
        light = max(0.0, min(1.0, light + step))
    return shade


def _mix(colour: str, ground: str, share: float) -> str:
    pairs = zip(_rgb(colour), _rgb(ground), strict=True)
    red, green, blue = (share * one + (1 - share) * other for one, other in pairs)
    return _hex((red, green, blue))


@dataclass(frozen=True)
class Shades:
    """The accent on one ground: text, filled button and its hover, soft ground, line."""

    text: str
    fill: str
    hover: str
    soft: str
    line: str
    second: str
    third: str


@dataclass(frozen=True)
class Palette:
    light: Shades
    dark: Shades

    def css(self) -> str:
        """A style sheet that puts these in place of the accent's tokens."""
        tokens = {
            "accent": "text",
            "accent-fill": "fill",
            "accent-fill-hover": "hover",
            "accent-soft": "soft",
            "accent-line": "line",
            "c1": "text",
            "c2": "second",
            "c3": "third",
        }
        lines = (
            f"  --{token}: light-dark({getattr(self.light, of)}, {getattr(self.dark, of)});"
            for token, of in tokens.items()
        )
        return ":root {\n" + "\n".join(lines) + "\n}\n"


def valid(colour: str) -> bool:
    """Whether it is written as "#rrggbb"."""
    return bool(HEX.fullmatch(colour))


def palette(colour: str) -> Palette:
    """All shades that follow from "#rrggbb"; each text and each button has a contrast of 4.5 or more."""
    colour = colour.lower()
    light_soft, dark_soft = _mix(colour, "#ffffff", 0.13), _mix(colour, "#1b1e20", 0.24)

    def readable(*grounds: str) -> Callable[[str], bool]:
        return lambda shade: all(contrast(shade, ground) >= AA for ground in grounds)

    light_text = _until(colour, readable(*LIGHT_GROUNDS, light_soft), -0.01)
    dark_text = _until(colour, readable(*DARK_GROUNDS, dark_soft), 0.01)
    fill = _until(colour, readable(WHITE), -0.01)
    # On a dark page a button that is nearly black would not be seen.
    dark_fill = _until(fill, lambda shade: contrast(shade, DARK_GROUNDS[0]) >= 2.6, 0.01)
    if contrast(dark_fill, WHITE) < AA:
        dark_fill = fill
    return Palette(
        light=Shades(
            text=light_text,
            fill=fill,
            hover=_lightness(fill, lambda light: light * 0.8),
            soft=light_soft,
            line=_mix(colour, "#ffffff", 0.38),
            second=_mix(light_text, "#ffffff", 0.66),
            third=_mix(light_text, "#ffffff", 0.36),
        ),
        dark=Shades(
            text=dark_text,
            fill=dark_fill,
            hover=_until(
                _lightness(dark_fill, lambda light: min(1.0, light * 1.12 + 0.01)), readable(WHITE), -0.005
            ),
            soft=dark_soft,
            line=_mix(colour, "#1b1e20", 0.5),
            second=_mix(dark_text, "#1b1e20", 0.6),
            third=_mix(dark_text, "#1b1e20", 0.32),
        ),
    )
