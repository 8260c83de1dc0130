"""The ledger's calls that a row of a store may agree with, by their ids alone."""

from __future__ import annotations

import sqlite3

from opencode_tui.records.calls import message_id
from opencode_tui.records.reconciliation import StandingCall

_CALLS = """
  SELECT id, cost_nano, coalesce(list_nano, 0) = 0 AND cost_nano >= 0,
    CASE WHEN basis = 'recorded' AND cost_nano <> 0 AND reasoning > 0 THEN output + reasoning END
  FROM call
"""


class PlainCalls:
    """Notes which of the ledger's calls stand in a store as they are in the ledger; see Agreement.

    A call is plain if it is the only one of its message, has no list price beside it, and costs no less than nothing.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._cost: dict[str, int] = {}
        """The cost in nano-dollars, `~cost` for a call that a row agreed with."""
        self._doubled: dict[str, int] = {}
        """The output tokens of a row that charged the reasoning twice."""
        self._others: list[str] = []
        """The calls that no row can agree with."""
        self._since: list[str] = []
        """The calls that rows agreed with since `keep`."""
        of_steps: set[str] = set()
        for id, cost, is_plain, doubled in connection.execute(_CALLS):
            if (message := message_id(id)) != id:
                of_steps.add(message)
            if not is_plain or message != id:
                self._others.append(id)
                continue
            self._cost[id] = cost
            if doubled is not None:
                self._doubled[id] = doubled
        for message in of_steps:
            self._take_out(message)

    def agrees(self, row: StandingCall, *, is_counted: bool) -> bool:
        cost = self._cost.get(row.id)
        if cost is None or cost < 0:
            return False
        is_plain = is_counted and row.in_sum and row.final and row.readable and not row.left_out
        is_doubled = row.output is not None and row.output == self._doubled.get(row.id)
        if not is_plain or is_doubled or cost != row.nano:
            self._take_out(row.id)
            return False
        self._cost[row.id] = ~cost
        self._since.append(row.id)
        return True

    def keep(self) -> None:
        self._since.clear()

    def take_back(self) -> None:
        for id in self._since:
            self._cost[id] = ~self._cost[id]
        self._since.clear()

    def __contains__(self, id: object) -> bool:
        """Whether a row agreed with this call."""
        return isinstance(id, str) and self._cost.get(id, 0) < 0

    def others(self) -> list[str]:
        """The ids of all other calls."""
        return [*self._others, *(id for id, cost in self._cost.items() if cost >= 0)]

    def _take_out(self, id: str) -> None:
        if self._cost.pop(id, None) is not None:
            self._others.append(id)
