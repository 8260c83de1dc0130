"""Leaves out of what a store holds the calls that the ledger has alike, which most are, so that few take memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from opencode_tui.records.reconciliation import Agreed, Agreement, StandingCall


class Collected:
    """The calls of a store as they are read, page by page."""

    def __init__(self, agreement: Agreement | None) -> None:
        """Without an agreement, all calls are kept."""
        self.calls: list[StandingCall] = []
        self.agreed: dict[str, Agreed] = {}
        """What the others add up to, by session."""
        self._agreement = agreement

    def add(self, calls: Iterable[StandingCall], sums: Mapping[str, int | None] | None) -> None:
        """Take the calls of some sessions; `sums` are OpenCode's of these, None if it keeps none."""
        for call in calls:
            is_counted = sums is None or sums.get(call.session_id) is not None
            if self._agreement is None or not self._agreement.agrees(call, is_counted=is_counted):
                self.calls.append(call)
                continue
            known = self.agreed.get(call.session_id, Agreed())
            self.agreed[call.session_id] = Agreed(
                known.calls + 1,
                known.nano + call.nano,
                known.fractions + (call.fraction != 0),
                known.fraction + call.fraction,
            )
