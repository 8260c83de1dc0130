"""A chat that alerts are posted to."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.support.chat import Chat, answering


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    for name in [name for name in os.environ if name.casefold().endswith("_proxy")]:
        monkeypatch.delenv(name)
    with answering() as chat:
        yield chat
