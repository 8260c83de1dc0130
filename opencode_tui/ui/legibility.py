"""Changes a theme's colours so that text in any of them can be read on any background that the screens use.

Text needs a contrast of 4.5 to its background (WCAG 2.1, success criterion 1.4.3). Many themes have less for their
warning and error colours, muted text, and text at the cursor. Their background stays; text colours are moved towards
white or black as far as needed, and the cursor and panels are shades of the background.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from textual.color import BLACK, WHITE, Color

LEAST_CONTRAST = 4.5
_MARGIN = 0.1  # colours are rounded to 8 bits after they are blended
_STEPS = 50
_TEXT = (
    *("foreground", "primary", "secondary", "accent", "success", "warning", "error"),
    *("text-primary", "text-secondary", "text-accent", "text-success", "text-warning", "text-error"),
    *("footer-foreground", "footer-key-foreground", "footer-description-foreground"),
    *("block-cursor-foreground", "block-cursor-blurred-foreground", "input-selection-foreground"),
)
_BACKGROUNDS = ("background", "surface")
_CURSOR, _BLURRED, _MUTED = 0.18, 0.09, 0.62
"""Shares of the foreground in the cursor, in the cursor of a table without the focus, and in muted text."""


def legible(variables: Mapping[str, str]) -> dict[str, str]:
    """A theme's CSS variables with readable text colours. A theme of the terminal's own colours is returned as it is.

    Colours of the terminal's palette are only known to the terminal.
    """
    return dict(_legible(frozenset(variables.items())))


@lru_cache(maxsize=4)
def _legible(items: frozenset[tuple[str, str]]) -> Mapping[str, str]:
    variables = dict(items)
    background = Color.parse(variables["background"])
    foreground = Color.parse(variables["foreground"])
    if background.ansi is not None or foreground.ansi is not None:
        return variables
    foreground = background.blend(foreground, foreground.a, alpha=1)
    cursor, blurred = background.blend(foreground, _CURSOR), background.blend(foreground, _BLURRED)
    found = variables | {
        "block-cursor-background": cursor.hex,
        "block-cursor-blurred-background": blurred.hex,
        "block-hover-background": blurred.hex,
        "input-selection-background": cursor.hex,
        "screen-selection-background": cursor.hex,
        "panel": blurred.hex,
        "footer-background": background.hex,
        "footer-key-background": background.hex,
        "footer-description-background": background.hex,
        "block-cursor-text-style": "bold",
        "block-cursor-foreground": foreground.hex,
        "block-cursor-blurred-foreground": foreground.hex,
    }
    backgrounds = [cursor, blurred, *(_solid(found.get(name), background) for name in _BACKGROUNDS)]
    for name in _TEXT:
        if name in found:
            found[name] = _readable(_solid(found[name], background, foreground), backgrounds).hex
    muted = background.blend(Color.parse(found["foreground"]), _MUTED)
    found["text-muted"] = found["text-disabled"] = _readable(muted, backgrounds).hex
    return found


def contrast(one: Color, other: Color) -> float:
    """The contrast ratio of two opaque colours, 1 to 21, as WCAG 2.1 defines it."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: Color) -> float:
    parts = (part / 255 for part in color.rgb)
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _solid(text: str | None, background: Color, otherwise: Color | None = None) -> Color:
    """A colour over the background; one that Textual chooses itself, such as `auto 60%`, is `otherwise`."""
    if text is None or text.startswith("auto"):
        return otherwise or background
    color = Color.parse(text)
    return background.blend(color, color.a, alpha=1)


def _readable(color: Color, backgrounds: list[Color]) -> Color:
    """The nearest colour on the way to white or black that has enough contrast to all the backgrounds."""
    best, most = color, 0.0
    for step in range(_STEPS + 1):
        for end in (WHITE, BLACK):
            moved = color.blend(end, step / _STEPS)
            least = min(contrast(moved, each) for each in backgrounds)
            if least >= LEAST_CONTRAST + _MARGIN:
                return moved
            if least > most:
                best, most = moved, least
    return best
