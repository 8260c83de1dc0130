"""The migration of a ledger takes no library that it does not need."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from opencode_tui.ledger.lean_imports import without_pandas
from opencode_tui.ledger.ledger import Ledger
from tests.support.old_ledgers import old_ledger


@pytest.fixture(autouse=True)
def nothing_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in ("numpy", "pandas", "sqlite_utils")]:
        monkeypatch.delitem(sys.modules, name)


def test_a_migration_imports_neither_pandas_nor_numpy(tmp_path: Path) -> None:
    old_ledger(tmp_path / "ledger.db", 3).close()
    Ledger(tmp_path / "ledger.db").close()
    assert "sqlite_utils" in sys.modules
    assert not {"numpy", "pandas"} & sys.modules.keys()


def test_they_cannot_be_imported_inside_and_can_be_afterwards() -> None:
    with without_pandas(), pytest.raises(ImportError):
        import_module("pandas")
    assert not {"numpy", "pandas"} & sys.modules.keys()


def test_what_is_imported_already_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    known = ModuleType("pandas")
    monkeypatch.setitem(sys.modules, "pandas", known)
    with without_pandas():
        assert import_module("pandas") is known
    assert sys.modules["pandas"] is known


def test_they_can_be_imported_again_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), without_pandas():
        raise ZeroDivisionError
    assert "pandas" not in sys.modules
