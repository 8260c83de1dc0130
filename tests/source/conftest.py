"""A store of OpenCode 2, and a session in it that has cost $0.20."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stores import V2


@pytest.fixture
def store(tmp_path: Path) -> V2:
    return V2(tmp_path)


@pytest.fixture
def root(store: V2) -> str:
    id = store.session("Fix header")
    store.call(id, cost="0.20")
    return id
