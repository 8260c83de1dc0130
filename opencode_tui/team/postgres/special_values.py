"""Values in a team's tables that stand for something else than they say."""

from __future__ import annotations

from datetime import date

EVERY_DAY = date(1970, 1, 1)
"""Stands for any day, in `team_gap`: nobody knows when that was which could not be read."""

NO_CALL_MS = 0
"""The moment of the last call, in `team_push`, of a seat that has not pushed any."""
