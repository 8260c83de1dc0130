"""Fixtures of the end-to-end tests, and the switch that turns them on: OPENCODE_E2E=1."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.chromium import Browser, chromium
from tests.e2e.hold import Hold, NewLedger
from tests.e2e.model import ScriptedModel
from tests.e2e.opencode import Install, NotInstalled, OpenCode, binary
from tests.e2e.opencode2 import OpenCode2
from tests.e2e.ours import Ledger
from tests.e2e.server import Server
from tests.e2e.server2 import Server2

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get("OPENCODE_E2E", "0") not in ("", "0"):
        return
    off = pytest.mark.skip(reason="the real OpenCode runs only with OPENCODE_E2E=1")
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(off)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = chromium()
    if program is None:
        pytest.skip("there is no Chromium; `apt-get install chromium` brings one")
    with Browser(program, tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel() as model:
        yield model


@pytest.fixture
def install(tmp_path: Path, model: ScriptedModel) -> Install:
    """Gives a user's OpenCode in a fresh home, or in the same one once more where the version is another.

    Skips the test where its binary cannot be had.
    """

    def install(version: str, **config: object) -> OpenCode:
        try:
            binary(version)
        except NotInstalled as error:
            pytest.skip(str(error))
        kind = OpenCode2 if version.startswith("2.") else OpenCode
        return kind(tmp_path / "user", version, model.url, **config)

    return install


@pytest.fixture
def new_ledger(tmp_path: Path) -> NewLedger:
    """Gives a new and empty ledger of ours beside an OpenCode."""
    count = iter(range(100))

    def new_ledger(opencode: OpenCode) -> Ledger:
        return Ledger(tmp_path / f"ledger{next(count)}", opencode.data_dir)

    return new_ledger


@pytest.fixture
def watcher(opencode: OpenCode, new_ledger: NewLedger) -> Ledger:
    """The ledger that our `watch` keeps while the server of the same test runs."""
    return new_ledger(opencode)


@pytest.fixture
def server(opencode: OpenCode, watcher: Ledger) -> Iterator[Server]:
    """A running OpenCode, with our `watch` beside it. The module has the fixture `opencode`."""
    with opencode.serve() as server, watcher.watching():
        yield server


@pytest.fixture
def server2(server: Server) -> Server2:
    assert isinstance(server, Server2)
    return server


@pytest.fixture
def hold(opencode: OpenCode, server: Server, model: ScriptedModel, watcher: Ledger, new_ledger: NewLedger) -> Hold:
    return Hold(opencode, server, model, watcher, new_ledger)
