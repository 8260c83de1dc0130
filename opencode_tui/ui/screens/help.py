"""The help screen: the keys by heading, and what the glyphs and words mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from opencode_tui.ui.help_sections import HelpSection
from opencode_tui.ui.leaving import LeavingScreen
from opencode_tui.ui.moving import DialogPane
from opencode_tui.ui.widgets.blocks import SCROLLBAR, width_of, wrapped

INDENT = 2
LEAST_TEXT = 18
"""In a pane that leaves fewer cells beside the keys, the text stands below them."""


def section_content(section: HelpSection, width: int) -> Content:
    """The heading and the rows in lines of at most `width` cells."""
    left = max(width_of(keys) for keys, _ in section.rows) + INDENT
    lines = [Content.styled(section.heading, "bold")]
    for keys, text in section.rows:
        if width - left >= LEAST_TEXT:
            first, *others = wrapped(text, width - left)
            lines.append(Content.assemble((keys.ljust(left), "$primary"), first))
            lines += [Content(" " * left + other) for other in others]
        else:
            lines.append(Content.styled(keys, "$primary"))
            lines += [Content(" " * INDENT + line) for line in wrapped(text, width - INDENT)]
    return Content("\n").join(lines)


class HelpText(DialogPane):
    def __init__(self, sections: Sequence[HelpSection]) -> None:
        super().__init__(id="help", classes="dialog")
        self._sections = tuple(sections)

    def compose(self) -> ComposeResult:
        yield Static(markup=False)

    def on_resize(self) -> None:
        width = (self.scrollable_content_region.width or self.app.size.width - 4) - SCROLLBAR
        text = Content("\n\n").join([section_content(section, max(width, LEAST_TEXT)) for section in self._sections])
        self.query_one(Static).update(text)


class HelpScreen(LeavingScreen, ModalScreen[None]):
    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        #help {
            width: 72;
        }
        Static { height: auto; }
    }
    """
    AUTO_FOCUS = "#help"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "dismiss", "Close", id="help.close"),
    ]

    def __init__(self, sections: Sequence[HelpSection]) -> None:
        super().__init__()
        self._sections = tuple(sections)

    def compose(self) -> ComposeResult:
        box = HelpText(self._sections)
        box.border_title = "Help"
        box.border_subtitle = "j k move · esc closes"
        yield box
