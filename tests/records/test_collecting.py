"""Python searches for cycles seldom in a short command, and as usual in a dashboard, where it skips what is there."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from opencode_tui.records import collecting
from opencode_tui.records.collecting import collect_as_usual, collect_rarely, paused_collection


@pytest.fixture
def usual(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, int, int]]:
    before, usual = gc.get_threshold(), (700, 10, 10)
    monkeypatch.setattr(collecting, "_USUAL", usual)
    yield usual
    gc.set_threshold(*before)


def test_searches_are_rare_until_they_are_as_usual(usual: tuple[int, int, int]) -> None:
    collect_rarely()
    assert gc.get_threshold()[0] > 10 * usual[0]
    assert gc.isenabled()
    collect_as_usual()
    assert gc.get_threshold() == usual
    assert gc.get_freeze_count() > 0


def test_a_pause_ends_also_after_an_error() -> None:
    def fail() -> None:
        with paused_collection():
            assert not gc.isenabled()
            raise ValueError

    assert gc.isenabled()
    with pytest.raises(ValueError):
        fail()
    assert gc.isenabled()
