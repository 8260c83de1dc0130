"""OpenCode's services on loopback, a ledger that is asked from, and a clock that a test moves."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from opencode_tui.accounts.asking import SERVICES, ask_services
from opencode_tui.accounts.service import Service
from opencode_tui.accounts.sign_ins import SignInSource
from opencode_tui.config.settings import Settings
from opencode_tui.ledger.services import KeptAnswer, kept_answer
from tests.support.opencode_services import COOKIE, SECRET, OpenCodeServices, opencode_services
from tests.support.watched import Watched


@dataclass
class Asker:
    """One process that asks: its ledger, its settings with everything turned on, its environment, its clock."""

    watched: Watched
    server: OpenCodeServices
    directory: Path
    environ: dict[str, str] = field(default_factory=lambda: {"OPENCODE_TUI_CONSOLE_COOKIE": COOKIE})
    network: dict[str, Any] = field(default_factory=lambda: {"opencode_go": True, "zen": True})

    @property
    def settings(self) -> Settings:
        return Settings(timezone="UTC", network=self.server.network(**self.network))

    @property
    def source(self) -> SignInSource:
        return SignInSource(self.environ, [self.directory])

    def ask(self, *only: Service, after_ms: int = 0) -> None:
        self.watched.now += after_ms
        ask_services(self.watched.ledger, self.settings, self.source, lambda: self.watched.now, only or SERVICES)

    def kept(self, service: Service) -> KeptAnswer:
        found = kept_answer(self.watched.ledger.connection, service.name)
        assert found is not None
        return found

    def sign_in(self, entries: Mapping[str, Any] | bytes, mode: int = 0o600) -> Path:
        file = self.directory / "auth.json"
        file.write_bytes(entries if isinstance(entries, bytes) else json.dumps(entries).encode())
        file.chmod(mode)
        return file


@pytest.fixture(scope="session")
def server() -> Iterator[OpenCodeServices]:
    with opencode_services() as found:
        yield found


@pytest.fixture
def asker(server: OpenCodeServices, tmp_path: Path) -> Iterator[Asker]:
    server.replies.clear()
    server.asked.clear()
    server.checks_keys = True
    asker = Asker(Watched(tmp_path / "ledger.db"), server, tmp_path)
    asker.sign_in({"opencode-go": {"type": "api", "key": SECRET}, "anthropic": {"type": "oauth", "refresh": SECRET}})
    yield asker
    asker.watched.ledger.close()
