"""Compares OpenCode's figures with the ledger's, call by call, and finds the cause of each difference.

A cause is found from what the store and the ledger have of one call or one session. A difference without such a cause
is in no `Explained`, and so stays in `OpenCodeFigure.unexplained_nano`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Literal

from opencode_tui.analysis.gone_calls import GoneCalls
from opencode_tui.analysis.held_calls import Held, doubled_nano, held_calls, is_doubled, price_differences
from opencode_tui.analysis.session_sums import SumChecks, Summed
from opencode_tui.money import NANO, nano_from_usd
from opencode_tui.records import causes
from opencode_tui.records.reconciliation import (
    Explained,
    LedgerHoldings,
    OpenCodeFigure,
    Standing,
    StandingCall,
    StoreFigures,
)

Name = Literal["stats", "sessions", "messages"]
_PLACES = 3
"""Decimals of a nano-dollar that sums of floats still have."""
Difference = tuple[str, int]
"""(cause, nano-dollars)."""
FIGURE_NAMES: tuple[Name, ...] = ("stats", "sessions", "messages")
_LEFT_OUT = {"compaction": causes.COMPACTIONS, "ahead": causes.AHEAD, "session": causes.ORPHANS}


class Reconciler:
    """The stores and the ledger side by side. Everything but `figure` is worked out once."""

    def __init__(
        self,
        stores: Sequence[Standing],
        holdings: LedgerHoldings,
        backups: Collection[str],
        read: Collection[str],
        polled_ms: int | None,
    ) -> None:
        """`backups` are the keys of backup copies, `read` those of all stores that were read to their end.

        `polled_ms` is when the ledger was last brought up to date.
        """
        self._current = [store for store in stores if store.is_current]
        self._held, self._agreed = held_calls(holdings.calls), holdings.agreed
        self._unreadable, self._read, self._polled_ms = holdings.unreadable, frozenset(read), polled_ms
        self._gone = GoneCalls(stores, holdings, backups, read)
        in_rows = {row.id for store in self._current for row in store.calls}
        self._without_row = {id: held for id, held in self._held.items() if id not in in_rows}
        by_session: dict[str, list[tuple[str, Held]]] = defaultdict(list)
        for id, held in self._without_row.items():
            by_session[held.first.session_id].append((id, held))
        self._checks = {
            store.key: SumChecks(store, by_session, self._gone, is_read=store.key in self._read).checks()
            for store in self._current
            if store.sums is not None
        }

    @property
    def names(self) -> list[Name]:
        """The figures that there are: `sessions` only if a store keeps sums."""
        return [name for name in FIGURE_NAMES if name != "sessions" or self._checks]

    def figure(self, name: Name) -> OpenCodeFigure:
        """One of OpenCode's figures beside the ledger's."""
        tally = _Tally()
        seen: set[str] = set()
        included: set[str] = set()
        for store in self._current:
            by_sums = is_by_sums(store, name)
            for row, is_counted in _counted(store, name):
                is_again = row.id in seen or row.id in self._agreed
                held = self._held.get(row.id)
                if held is not None and held.cost_nano == (row.nano if is_counted else 0) and not is_again:
                    seen.add(row.id)
                    continue
                for cause, nano in self._of_row(row, store, is_counted=is_counted, is_again=is_again):
                    tally.add(cause, nano)
                seen.add(row.id)
            for check in self._checks[store.key] if by_sums else ():
                if check.cause is not None:
                    tally.add(check.cause, check.rest_nano, 0 if check.cause == causes.ROUNDING else 1)
                for each in check.summed:
                    for cause, nano in _of_summed(each, is_again=each.id in included):
                        tally.add(cause, nano)
                    included.add(each.id)
            if name == "stats" and store.extra_nano:
                tally.add(causes.COMPACTIONS, -store.extra_nano)
            tally.add(causes.ROUNDING, _added_up(store, name)[0] - figure_nano(store, name), 0)
        for id, held in self._without_row.items():
            if held.cost_nano and id not in included:
                tally.add(self._gone.cause(id, held), held.cost_nano, len(held.calls))
        opencode = sum(figure_nano(store, name) for store in self._current)
        ours = sum(held.cost_nano for held in self._held.values()) + sum(each.agreed_nano for each in self._current)
        return OpenCodeFigure(name, opencode, ours, tally.explained())

    def _of_row(self, row: StandingCall, store: Standing, *, is_counted: bool, is_again: bool) -> Iterator[Difference]:
        """What turns a row, as a figure counts it, into what the ledger has of it."""
        counted, held = row.nano if is_counted else 0, self._held.get(row.id)
        if is_again:
            if counted:
                yield causes.STORES, -counted
        elif held is None:
            if not row.readable or (store.key, row.id) in self._unreadable:
                yield causes.UNREADABLE, -counted
            elif counted and (not row.final or self._is_later(row, store)):
                yield causes.RUNNING, -counted
        elif is_counted:
            yield from _of_counted(held, counted, row.output)
            if not _is_copy(held) and held.recorded_nano != counted and (cause := _otherwise(row, held, store)):
                yield cause, held.recorded_nano - counted
        else:
            yield _not_counted(row, held), held.cost_nano

    def _is_later(self, row: StandingCall, store: Standing) -> bool:
        """Whether a row may have been written after the ledger last read its store."""
        return store.key not in self._read or (self._polled_ms is not None and row.touched_ms >= self._polled_ms)

    def not_billed(self) -> Explained:
        """The list price of the ledger's calls that OpenCode recorded at $0."""
        calls = [call for held in self._held.values() for call in held.calls if call.list_nano and not call.copied]
        return Explained(causes.LIST_PRICE, sum(call.list_nano for call in calls), len(calls))

    def doubled(self) -> Explained:
        """What OpenCode charged for reasoning a second time, of the calls whose rows still show it."""
        outputs = {row.id: row.output for store in self._current for row in store.calls}
        charged = [
            doubled_nano(call)
            for id, held in self._held.items()
            for call in held.calls
            if call.basis == "recorded" and call.cost_nano and is_doubled(call, outputs.get(id))
        ]
        return Explained(causes.REASONING, sum(charged), sum(map(bool, charged)))


class _Tally:
    """Adds up differences by cause."""

    def __init__(self) -> None:
        self._nano: dict[str, int] = defaultdict(int)
        self._calls: dict[str, int] = defaultdict(int)

    def add(self, cause: str, nano: int, calls: int = 1) -> None:
        self._nano[cause] += nano
        self._calls[cause] += calls

    def explained(self) -> tuple[Explained, ...]:
        """The largest first."""
        found = [cause for cause, nano in self._nano.items() if nano or self._calls[cause]]
        names = sorted(found, key=lambda cause: (-abs(self._nano[cause]), cause))
        return tuple(Explained(cause, self._nano[cause], self._calls[cause]) for cause in names)


def _of_counted(held: Held, counted: int, output: int | None) -> Iterable[Difference]:
    """What turns a counted call into the ledger's: it is a copy, or has another price."""
    if _is_copy(held):
        return [(causes.FORKS, -counted)] if counted else []
    copied = sum(call.amount_nano for call in held.calls if call.copied_from)  # some steps of a message
    copies = [(causes.FORKS, -copied)] if copied else []
    return [*copies, *price_differences(held, output)]


def _of_summed(each: Summed, *, is_again: bool) -> Iterable[Difference]:
    """What turns a call that stands in a sum alone into the ledger's."""
    if is_again:
        return [(causes.STORES, -each.nano)]
    differences = _of_counted(each.held, each.nano, None)
    if _is_copy(each.held) or each.nano == each.held.recorded_nano:
        return differences
    return [*differences, (causes.RESTORED, each.held.recorded_nano - each.nano)]


def _is_copy(held: Held) -> bool:
    """Whether another call pays for all of it."""
    return all(call.copied_from for call in held.calls)


def _otherwise(row: StandingCall, held: Held, store: Standing) -> str | None:
    """Why a call is recorded otherwise in the ledger than in its row; None if nothing shows it."""
    if not row.readable or held.missing:
        return causes.UNREADABLE
    if not held.final:
        return causes.RUNNING
    if not row.final:
        return causes.RESTORED  # what has completed does not open again
    return causes.STORES if held.first.store != store.key else None


def _not_counted(row: StandingCall, held: Held) -> str:
    if row.left_out in _LEFT_OUT:
        return _LEFT_OUT[row.left_out]
    return causes.DELETED if held.first.copied else causes.FORKS


def is_by_sums(store: Standing, name: Name) -> bool:
    """Whether a figure of this store is the sum of its sessions' sums."""
    return store.sums is not None and (name == "sessions" or (name == "stats" and store.shows_sums))


def figure_nano(store: Standing, name: Name) -> int:
    """One of OpenCode's figures of a store, in nano-dollars: rounded once, as OpenCode adds up the fractions too."""
    nano, fraction = _added_up(store, name)
    return nano_from_usd((nano + round(Decimal(fraction), _PLACES)) / NANO)


def _added_up(store: Standing, name: Name) -> tuple[int, float]:
    """The parts of a figure, each rounded to nano-dollars, and what they are beyond that."""
    if is_by_sums(store, name):
        return sum(nano or 0 for nano in (store.sums or {}).values()), store.sums_fraction
    rows = [row for row, is_counted in _counted(store, name) if is_counted]
    nano, fraction = store.agreed_nano + sum(row.nano for row in rows), sum(row.fraction for row in rows)
    fraction += store.agreed_fraction
    return (nano + store.extra_nano, fraction + store.extra_fraction) if name == "stats" else (nano, fraction)


def _counted(store: Standing, name: Name) -> Iterator[tuple[StandingCall, bool]]:
    """Each listed call of a store, and whether a figure counts it; those that the ledger has alike count in all."""
    if is_by_sums(store, name):
        summed = {id for id, nano in (store.sums or {}).items() if nano is not None}
        yield from ((row, row.in_sum and row.session_id in summed) for row in store.calls)
    elif name == "stats":
        yield from ((row, not row.left_out) for row in store.calls)
    else:
        yield from ((row, True) for row in store.calls)


def store_figures(stores: Sequence[Standing]) -> tuple[StoreFigures, ...]:
    """OpenCode's figures of each store."""
    return tuple(
        StoreFigures(
            store.path,
            store.form,
            store.is_current,
            figure_nano(store, "stats"),
            figure_nano(store, "sessions") if store.sums is not None else None,
            figure_nano(store, "messages"),
            store.count,
        )
        for store in stores
    )
