"""During a long import a thread moves what is in the `-wal` into the ledger's file, while the import goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from opencode_tui.ledger.checkpoints import Checkpoints
from opencode_tui.ledger.ledger import Ledger

EACH_BYTES = 500 * 200


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def _write(ledger: Ledger, number: int) -> None:
    with ledger.writing() as connection:
        rows = [(f"machine {number}, {row} {'x' * 200}",) for row in range(500)]
        connection.executemany("INSERT INTO machine (name) VALUES (?)", rows)


def test_every_few_transactions_all_that_was_written_is_moved(place: Path) -> None:
    ledger, checkpoints = Ledger(place), Checkpoints(place)
    ledger.connection.execute("PRAGMA wal_autocheckpoint = 0")
    before, written = place.stat().st_size, 0
    while checkpoints.committed() is None:
        _write(ledger, written)
        written += 1
    assert written > 1
    assert place.stat().st_size == before
    checkpoints.begin()
    checkpoints.close()
    assert place.stat().st_size > before + written * EACH_BYTES
    ledger.close()


def test_a_long_import_is_moved_while_it_goes_on_and_is_nobody_elses_change(place: Path) -> None:
    ledger = Ledger(place)
    before = place.stat().st_size
    with ledger.long_import():
        written = 0
        while place.stat().st_size == before and written < 250:  # SQLite itself would begin after more
            _write(ledger, written)
            written += 1
        assert place.stat().st_size > before
    assert ledger.changed_outside() == "no"
    assert place.stat().st_size > before + written * EACH_BYTES
    ledger.close()


def test_a_change_by_somebody_else_is_noticed_after_it(place: Path) -> None:
    ledger = Ledger(place)
    with ledger.long_import():
        _write(ledger, 0)
        another = Ledger(place)
        another.connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        another.close()
        for number in range(1, 40):
            _write(ledger, number)
    assert ledger.changed_outside() == "touched"
    ledger.close()


def test_a_ledger_that_is_gone_is_not_made_again(place: Path, tmp_path: Path) -> None:
    Ledger(place).close()
    checkpoints = Checkpoints(place)
    place.rename(tmp_path / "elsewhere.db")
    checkpoints.begin()
    checkpoints.close()
    assert not place.exists()
