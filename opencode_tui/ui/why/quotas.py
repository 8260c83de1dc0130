"""How much of each plan's quota is used, when it is full, and which sessions took most of it."""

from __future__ import annotations

from opencode_tui.clock import Calendar
from opencode_tui.records.quotas import Quotas
from opencode_tui.records.requests import QuotasRequest
from opencode_tui.report.quotas import quotas_text
from opencode_tui.ui.screens.base import Ask
from opencode_tui.ui.why.tab import TextTab


class QuotasTab(TextTab):
    NAME = "quotas"

    def __init__(self, calendar: Calendar) -> None:
        super().__init__()
        self._calendar = calendar

    def asks(self) -> tuple[Ask, ...]:
        return (Ask(QuotasRequest(), self.show_quotas, self.show_reason),)

    def show_quotas(self, quotas: Quotas) -> None:
        self.show_lines(lambda width: quotas_text(quotas, self._calendar).splitlines())
