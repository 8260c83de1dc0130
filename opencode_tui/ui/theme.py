"""Our theme, and the choice of the default theme."""

from __future__ import annotations

from textual.theme import Theme

CALM = Theme(
    name="calm",
    primary="#7fa6c9",
    secondary="#6c8aa8",
    accent="#8fb8b0",
    success="#83b08a",
    warning="#e0b15e",
    error="#e2717a",
    foreground="#cfd4dc",
    background="#14171c",
    surface="#14171c",
    panel="#222831",
    variables={
        "block-cursor-background": "#2b3644",
        "block-cursor-foreground": "#e6eaf0",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#1d232b",
        "block-cursor-blurred-foreground": "#cfd4dc",
        "footer-background": "#14171c",
        "footer-key-foreground": "#7fa6c9",
        "footer-description-foreground": "#8b93a0",
    },
)

STYLES = {"calm": "$success", "note": "$text-muted", "notice": "$primary", "warning": "$warning", "cutoff": "$error"}
"""The Content style of each band and level."""


CURSOR = "$block-cursor-foreground on $block-cursor-background"
"""The Content style at the cursor."""


def default_theme(color_system: str | None) -> str:
    """The default theme; with 16 colours or fewer, one that uses the terminal's own colours."""
    return CALM.name if color_system in ("truecolor", "256") else "ansi-dark"
