"""The help screen: the keys, taken from the bindings, and the meaning of glyphs and figures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from opencode_tui.ui.leaving import LeavingScreen

MEANINGS = (
    ("●", "calm, or a session that is active"),
    ("•", "a notice: something that is worth a look"),
    ("▲", "past the warning, or a store that needs a look"),
    ("■", "past the cutoff"),
    ("○", "a session without a call in the last two minutes"),
    ("↱", "a fork: what it copied is not counted again"),
    ("□", "a session that is archived in OpenCode"),
    ("✕", "deleted in OpenCode; its money stays spent"),
    ("Ctx", "how much of the model's context is full"),
    ("Sub", "subagents; Total holds them, Own does not"),
    ("▁▂▄▇", "what a session spent from its start to its last call"),
    ("at least", "calls were cut off, and billed unseen"),
)


class HelpScreen(LeavingScreen, ModalScreen[None]):
    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        #help {
            width: 64;
            max-width: 100%;
            height: auto;
            max-height: 100%;
            padding: 0 1;
            border: round $primary;
            border-title-color: $text-muted;
            border-subtitle-color: $text-muted;
            background: $background;
        }
        Static { height: auto; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "dismiss", "Close", id="help.close"),
    ]

    def __init__(self, keys: Iterable[tuple[str, str]]) -> None:
        """`keys` are (displayed key, description)."""
        super().__init__()
        self._keys = tuple(keys)

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help") as box:
            box.border_title = "Keys"
            box.border_subtitle = "esc closes"
            yield Static(table(self._keys), markup=False)
            yield Static(Content.styled("\nOn the screen", "$text-muted"), markup=False)
            yield Static(table(MEANINGS), markup=False)


def table(rows: Iterable[tuple[str, str]]) -> Content:
    """Two columns, the first as wide as its widest cell."""
    rows = tuple(rows)
    width = max((len(first) for first, _ in rows), default=0)
    lines = [Content.assemble((first.ljust(width + 2), "$primary"), second) for first, second in rows]
    return Content("\n").join(lines)
