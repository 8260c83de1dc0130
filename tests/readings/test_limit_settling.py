"""What was found by a context limit is looked for again once that limit is another one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from opencode_tui.ledger.changed_work import sessions_behind
from opencode_tui.pricing.book import PriceBook
from opencode_tui.readings.finding_settling import settle_findings
from tests.readings.test_models_in_use import SMALL, cheap, looking, small_edits, store
from tests.stores import V1
from tests.support.ledgers import Reader
from tests.support.prices import book, models_json

__all__ = ["looking", "store"]


class Listed:
    """OpenCode's list of models, in which the cheaper one has some context limit."""

    def __init__(self, home: Path) -> None:
        self._home, self.book = home, book(home)

    def set(self, context: int | None) -> PriceBook:
        limits = {"limit": {"context": context}} if context else {}
        file = models_json(self._home, opencode={"kimi-k2.6": {"cost": {"input": 0.95, "output": 4}, **limits}})
        os.utime(file, ns=(0, file.stat().st_mtime_ns + (context or 1)))
        self.book.refresh()
        return self.book


@pytest.fixture
def listed(tmp_path: Path) -> Listed:
    return Listed(tmp_path / "home")


def found(read: Reader, limits: PriceBook) -> list[tuple[str, int, int]]:
    while read.poll():
        pass
    settle_findings(read.ledger, {}, limits)
    assert not sessions_behind(read.ledger.connection, "findings")
    rows = read.ledger.connection.execute("SELECT rule, cost_nano, saves_nano FROM finding").fetchall()
    return [(rule, cost, saves) for rule, cost, saves in rows]


def test_another_limit_finds_again_what_no_call_has_changed(store: V1, looking: Reader, listed: Listed) -> None:
    cheap(store, -1)
    small_edits(store)
    assert found(looking, listed.set(19_999)) == [], "a small edit has a context of 20,000 tokens"
    assert found(looking, listed.set(20_000)) == SMALL
    assert found(looking, listed.set(19_999)) == []


def test_the_same_limits_and_new_sessions_find_nothing_again(store: V1, looking: Reader, listed: Listed) -> None:
    cheap(store, -1)
    small_edits(store)
    assert found(looking, listed.set(20_000)) == SMALL
    with looking.ledger.writing() as connection:
        connection.execute("DELETE FROM finding")
    assert found(looking, listed.set(20_000)) == []
    cheap(store, 1)
    assert found(looking, listed.set(20_000)) == [], "only the new session was looked at"
