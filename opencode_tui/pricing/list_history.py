"""The list prices that `prices refresh` has fetched, each with the moment from which it is known to hold.

A CSV file in our data directory, since what a list said earlier can be fetched nowhere. The first price of a model
holds for all time before as well. A price that changed in between two fetches counts from the second on.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from opencode_tui.pricing import list_table
from opencode_tui.pricing.files import file_mark, read_text, reason, shown_path
from opencode_tui.pricing.list_table import PriceKey
from opencode_tui.pricing.rates import Rates

_FETCHED = re.compile(r"# List prices fetched at (\S+) ")
_COLUMNS = (*list_table.COLUMNS, "since", "source")


class DatedRates(Struct, frozen=True):
    """A price, and the moment in Unix milliseconds from which it is known to hold; None for all time before."""

    since_ms: int | None
    rates: Rates


class ListHistory:
    """The file, read at the first lookup; a row is parsed when it is looked up. Without a file it has no prices."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.problem = ""
        """One sentence if the file, or a row that was looked up, cannot be read; else ""."""
        self._mark = file_mark(path) if path else None
        self._fetched_ms = -1
        self._rows: dict[PriceKey, list[list[str]]] | None = None
        self._dated: dict[PriceKey, tuple[DatedRates, ...]] = {}
        self._moments: list[int] = []

    @property
    def fetched_ms(self) -> int:
        """When the newest list was fetched, in Unix milliseconds; -1 if none was."""
        self._load()
        return self._fetched_ms

    @property
    def moments(self) -> list[int]:
        """All moments at which a price changed, and that of the newest list, in Unix milliseconds, ascending."""
        self._load()
        return self._moments

    def of(self, key: PriceKey) -> tuple[DatedRates, ...]:
        """All prices of a model, the earliest first."""
        if key not in self._dated:
            try:
                self._dated[key] = tuple(map(_dated, self._load().get(key, ())))
            except ValueError as error:
                self.problem = f"The price of {shown_path('/'.join(key))} in {self._shown} cannot be read: {error}."
                self._dated[key] = ()
        return self._dated[key]

    def rates(self, key: PriceKey, at_ms: int) -> Rates | None:
        """The price at a moment in Unix milliseconds; None if no fetched list had the model."""
        found = None
        for dated in self.of(key):
            if found is None or (dated.since_ms is not None and dated.since_ms <= at_ms):
                found = dated.rates
        return found

    def models(self) -> tuple[PriceKey, ...]:
        return tuple(self._load())

    def changed(self) -> bool:
        """Returns whether the file changed since it was read."""
        return self.path is not None and file_mark(self.path) != self._mark

    @property
    def _shown(self) -> str:
        return shown_path(self.path or "")

    def _load(self) -> Mapping[PriceKey, list[list[str]]]:
        if self._rows is None:
            self._rows = {}
            if self.path is not None:
                self._mark = file_mark(self.path)
                try:
                    self._read(read_text(self.path))
                except (OSError, ValueError) as error:
                    self._rows, self._fetched_ms, self._moments = {}, -1, []
                    self.problem = (
                        f"The list prices in {self._shown} cannot be used: {reason(error)}; move the file away, then"
                        " run `opencode-tui prices refresh`."
                    )
        return self._rows

    def _read(self, text: str | None) -> None:
        import csv  # here, since many commands look no price up

        if text is None:
            return
        head, _, body = text.partition("\n")
        found = _FETCHED.match(head)
        if found is None:
            raise ValueError("it is not what this version writes")
        self._fetched_ms = moment_ms(found[1])
        moments, rows = {self._fetched_ms}, self._rows
        assert rows is not None
        try:
            for row in csv.reader(StringIO(body)):
                if len(row) == len(_COLUMNS) and row[0] != _COLUMNS[0]:
                    rows.setdefault((row[0], row[1]), []).append(row)
                    if row[-2]:
                        moments.add(moment_ms(row[-2]))
        except csv.Error as error:
            raise ValueError(str(error)) from error
        self._moments = sorted(moments)

    def epoch(self, at_ms: int) -> int:
        """A number that is equal for moments between which no list price changes."""
        return bisect_right(self.moments, at_ms)


def with_list(
    before: Mapping[PriceKey, tuple[DatedRates, ...]], fetched: Mapping[PriceKey, Rates], at_ms: int
) -> dict[PriceKey, tuple[DatedRates, ...]]:
    """The prices with those of a list that was fetched at a moment: a changed price is added, an equal one kept.

    Models that the list leaves out keep theirs. The context limit of the newest price is that of the list.
    """
    after = dict(before)
    for key, rates in fetched.items():
        known = before.get(key, ())
        if not known:
            after[key] = (DatedRates(None, rates),)
        elif known[-1].rates.amounts != rates.amounts:
            after[key] = (*known, DatedRates(at_ms, rates))
        elif rates.context and known[-1].rates.context != rates.context:
            after[key] = (*known[:-1], replace(known[-1], rates=replace(known[-1].rates, context=rates.context)))
    return after


def render_history(prices: Mapping[PriceKey, Iterable[DatedRates]], fetched_ms: int, address: str) -> str:
    """The text of the file, sorted by provider and model."""
    import csv

    out = StringIO()
    out.write(
        f"# List prices fetched at {moment_text(fetched_ms)} from {shown_path(address)}, USD per million tokens\n"
    )
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(_rows_of(prices))
    return out.getvalue()


def _rows_of(prices: Mapping[PriceKey, Iterable[DatedRates]]) -> Iterator[list[str]]:
    for key in sorted(prices):
        for dated in prices[key]:
            since = "" if dated.since_ms is None else moment_text(dated.since_ms)
            yield [*list_table.row_of(key, dated.rates), since, dated.rates.source]


def _dated(row: list[str]) -> DatedRates:
    *price, since, source = row
    return DatedRates(moment_ms(since) if since else None, list_table.rates_of(price, source))


def moment_text(ms: int) -> str:
    """A moment in whole seconds of UTC, such as 2026-11-26T19:45:48Z."""
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_ms(text: str) -> int:
    """The Unix milliseconds of a moment that `moment_text` wrote. Raises ValueError."""
    return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()) * 1000
