"""List prices of the models in use for the plugin, if the settings prefer them to recorded amounts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace

from opencode_tui.clock import DAY_MS
from opencode_tui.guard.price_rows import Rows, rows_of
from opencode_tui.guard.state import GuardState, StateError, change, read_state, state_file
from opencode_tui.pricing.book import PriceBook

_MODELS = "SELECT DISTINCT provider, model, directory FROM call WHERE created_ms >= ?"
_SINCE_DAYS = 30


def refresh_list_prices(ledger: Path, connection: sqlite3.Connection, book: PriceBook, now_ms: int) -> bool:
    """Update the list prices in the guard's state, if it has any. Returns whether they changed.

    Errors of the state are ignored, since `guard status` reports them.
    """
    file = state_file(ledger)
    try:
        if not file.exists() or read_state(file).prices["prefer"] != "list":
            return False
        models = connection.execute(_MODELS, (now_ms - _SINCE_DAYS * DAY_MS,)).fetchall()
        before = read_state(file)

        def fresh(state: GuardState) -> GuardState:
            return replace(state, prices={**state.prices, "list": _listed(models, book)})

        return fresh(before) != before and change(file, fresh) != before
    except StateError:
        return False


def _listed(models: Iterable[tuple[str, str, str]], book: PriceBook) -> dict[str, dict[str, dict[str, Rows]]]:
    """Prices by directory, provider and model; a directory holds only its differences from the defaults."""
    listed: dict[str, dict[str, dict[str, Rows]]] = {}
    for provider, model, directory in models:
        general = book.lookup(provider, model)
        for place, rates in {"": general, directory: book.lookup(provider, model, directory)}.items():
            if rates and (not place or rates != general):
                listed.setdefault(place, {}).setdefault(provider, {})[model] = rows_of(rates)
    return listed
