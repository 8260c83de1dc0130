"""Two rows of a breakdown side by side, measure by measure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Static

from opencode_tui.records.answers import Comparison
from opencode_tui.records.requests import ComparisonRequest
from opencode_tui.report.breakdown_words import on_the_other
from opencode_tui.ui.moving import DialogPane
from opencode_tui.ui.screens.base import Ask, AskingScreen
from opencode_tui.ui.widgets.blocks import cut, width_of

_WIDTH = 84
"""Of the dialog, where the terminal has so many columns."""
_AROUND, _SCROLLBAR = 4, 1
"""The cells that the dialog's frame takes, and its scrollbar, whether it is shown or not."""
_GAP = "  "
_LEAST = 8


class CompareScreen(AskingScreen, ModalScreen[None]):
    """A table of measures: the name, the one, the other. Of two models also what each would cost on the other."""

    DEFAULT_CSS = """
    CompareScreen {
        align: center middle;
        #compare { width: 84; }
        Static { height: auto; text-wrap: nowrap; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,x,enter", "dismiss", "Close", id="compare.close"),
    ]

    def __init__(
        self,
        names: tuple[str, str],
        measures: Sequence[tuple[str, str, str]],
        comparison: ComparisonRequest | None = None,
    ) -> None:
        super().__init__()
        self._names, self._measures = names, tuple(measures)
        self._repriced: tuple[tuple[str, str, str], ...] = ()
        if comparison is not None:
            self._repriced = (("on the other", "reading", "reading"),)
            self.ask(Ask(comparison, self.show_comparison))

    def compose(self) -> ComposeResult:
        with DialogPane(id="compare", classes="dialog") as box:
            box.border_title = "Side by side"
            box.border_subtitle = "esc leaves"
            yield Static(id="measures", markup=False)

    def on_mount(self) -> None:
        self._show()

    def on_resize(self) -> None:
        self.query_one("#compare").refresh(layout=True)
        self.call_after_refresh(self._show)

    def show_comparison(self, comparison: Comparison) -> None:
        """Add what each would have cost on the other, below the spend."""
        self._repriced = (on_the_other(comparison.works),)
        self._show()

    def _show(self) -> None:
        if not self.is_there:
            return
        box, static = self.query_one("#compare", DialogPane), self.query_one("#measures", Static)
        # Before the first layout the dialog has no size yet.
        width = (box.content_size.width or min(self.size.width, _WIDTH) - _AROUND) - _SCROLLBAR
        measures = (*self._measures[:1], *self._repriced, *self._measures[1:])
        static.update("\n".join(compared_lines(self._names, measures, width)))


def compared_lines(names: tuple[str, str], measures: Sequence[tuple[str, str, str]], width: int) -> list[str]:
    """The lines of the table in `width` cells: each name in a column, or above its two values where it is narrow."""
    widest = max(width_of(text) for _, *texts in measures for text in texts)
    heads = max((width_of(name) for name, *_ in measures), default=0)
    size = max(min(max(widest, *map(width_of, names)), (width - heads - 2 * len(_GAP)) // 2), 0)
    if size >= max(widest, _LEAST):
        lines = [_line("", *names, heads, size)]
        return lines + [_line(name, one, other, heads, size) for name, one, other in measures]
    half = max((width - len(_GAP)) // 2, 1)
    lines = [f"{cut(names[0], half)}{_GAP}{cut(names[1], half)}".rstrip()]
    for name, one, other in measures:
        lines += [cut(name, width).rstrip(), f"{cut(one, half)}{_GAP}{cut(other, half)}".rstrip()]
    return lines


def _line(name: str, one: str, other: str, heads: int, size: int) -> str:
    cells = (cut(name, heads), *(_right(text, size) for text in (one, other)))
    return _GAP.join(cells).rstrip()


def _right(text: str, size: int) -> str:
    short = cut(text, size).rstrip()
    return " " * (size - width_of(short)) + short
