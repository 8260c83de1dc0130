"""The costliest insight of a day in one line."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import var
from textual.widgets import Static

from opencode_tui.records.answers import InsightList
from opencode_tui.records.insights import Insight
from opencode_tui.report.insight_words import costliest_text
from opencode_tui.report.words import fitting
from opencode_tui.ui.theme import STYLES
from opencode_tui.ui.widgets.day_header import LOW_ROWS


class InsightLine(Static):
    """Not there without an insight, and in a pane with few rows."""

    DEFAULT_CSS = """
    InsightLine { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: clip; display: none; }
    """

    class Clicked(Message):
        """The line was clicked."""

    insights: var[InsightList | None] = var(None)

    def __init__(self) -> None:
        super().__init__(id="insight-line", markup=False)

    @property
    def costliest(self) -> Insight | None:
        """The costliest insight that is neither dismissed nor done."""
        found = self.insights.insights if self.insights is not None else ()
        return next((each for each in found if each.state == "new"), None)

    def watch_insights(self) -> None:
        self.show()

    def show(self) -> None:
        """Write the line for the width that there is."""
        insight, size = self.costliest, self.app.size
        self.display = insight is not None and size.height > LOW_ROWS
        if insight is not None:
            text = fitting(costliest_text(insight), size.width - 2)
            self.update(Content.styled(text, STYLES["warning"]))

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Clicked())
