"""After a push: asks the database for the budgets of this seat, and gives them to the guard."""

from __future__ import annotations

import os
from pathlib import Path

from opencode_tui.cli import Trouble
from opencode_tui.clock import MINUTE_MS, now_ms
from opencode_tui.config.database_values import DatabaseAddress, database_address
from opencode_tui.config.settings import Settings
from opencode_tui.config.team_rows import known_rows, known_rows_text, rows_file
from opencode_tui.guard.files import PRIVATE
from opencode_tui.guard.state import refresh
from opencode_tui.paths import tilde
from opencode_tui.pricing.files import put_in_place
from opencode_tui.records.pushes import PushResult


def fetch_budgets(
    settings: Settings, address: DatabaseAddress, ledger: Path, config: Path, result: PushResult | None
) -> str:
    """Ask the database that the settings name, and no other; returns what is wrong there, in one sentence.

    Where a push sent nothing, the database is asked once a minute at most. What was known stays if it does not answer.
    Raises DatabaseError, and Trouble where they cannot be kept.
    """
    before, now = known_rows(settings), now_ms()
    is_recent = before.fetched_ms is not None and 0 <= now - before.fetched_ms < MINUTE_MS
    if not is_named(settings, address) or (result is None and is_recent):
        return before.trouble
    from opencode_tui.team.postgres.budget_rows import budget_rows, checked_rows

    rows = budget_rows(address, settings.team.push.password_file, own=True)
    if rows is None:
        return before.trouble
    found = checked_rows(rows, before, address.name, now)
    file = rows_file(settings)
    try:
        put_in_place(file, known_rows_text(found), PRIVATE)
    except OSError as error:
        raise Trouble(f"the database's budgets cannot be kept in {tilde(file)} ({error.strerror})") from None
    refresh(settings, ledger, config, os.environ)
    return found.trouble


def is_named(settings: Settings, address: DatabaseAddress) -> bool:
    """Whether it is the database of `team.push.to`."""

    return bool(settings.team.push.to) and database_address(settings.team.push.to).name == address.name
