"""Who was paid for whose models, and what OpenCode is signed in to."""

from __future__ import annotations

from opencode_tui.clock import Calendar
from opencode_tui.records.accounts import Accounts
from opencode_tui.records.requests import AccountsRequest
from opencode_tui.report.accounts import accounts_list, accounts_text
from opencode_tui.ui.screens.base import Ask
from opencode_tui.ui.why.tab import TextTab

LEAST_TABLE = 56
"""The width in cells from which the tables have room."""


class AccountsTab(TextTab):
    NAME = "accounts"

    def __init__(self, calendar: Calendar) -> None:
        super().__init__()
        self._calendar = calendar

    def asks(self) -> tuple[Ask, ...]:
        return (Ask(AccountsRequest(), self.show_accounts, self.show_reason),)

    def show_accounts(self, accounts: Accounts) -> None:
        def lines(width: int) -> list[str]:
            if width < LEAST_TABLE:
                return accounts_list(accounts, self._calendar)
            return accounts_text(accounts, self._calendar, width).splitlines()

        self.show_lines(lines)
