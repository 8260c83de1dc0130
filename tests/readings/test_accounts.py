"""Who was paid for whose models: two views of the same calls, to the nano-dollar."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from opencode_tui.accounts.sign_ins import SignInSource
from opencode_tui.analysis.model_makers import by_maker
from opencode_tui.clock import DAY_MS
from opencode_tui.config.settings import Settings
from opencode_tui.readings.accounts import read_accounts
from opencode_tui.readings.context import Context
from opencode_tui.records.accounts import Accounts
from opencode_tui.records.requests import AccountsRequest
from tests.support.watched import NOON, Watched


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path / "ledger.db")
    yield watched
    watched.ledger.close()


def accounts(watched: Watched, period: str = "month", **environ: str) -> Accounts:
    source = SignInSource(environ, [watched.path.parent])
    with watched.ledger.reading() as connection:
        return read_accounts(
            AccountsRequest(period), Context(connection, NOON, Settings(timezone="UTC"), sign_ins=lambda: source)
        )


def test_a_zen_call_on_claude_is_zens_bill_and_anthropics_model(watched: Watched) -> None:
    watched.call(cost="0.300000001", model="opencode/claude-opus-4-5")
    watched.call(cost="0.20", model="anthropic/claude-opus-4-5")
    watched.call(cost="0.25", model="opencode/gpt-5")
    watched.call(cost="0.05", model="opencode/kimi-k2.6")
    watched.call(cost="0.01", model="odd%2Fprovider/kimi-k2.6")
    watched.call(cost="9.00", model="opencode/gpt-5", at=NOON - 40 * DAY_MS)
    found = accounts(watched, OPENAI_API_KEY="sk-1")
    assert [(each.provider, each.title, each.spend_nano, each.calls) for each in found.accounts] == [
        ("opencode", "OpenCode Zen", 600_000_001, 3),
        ("anthropic", "Anthropic", 200_000_000, 1),
        ("odd%2Fprovider", "odd%2Fprovider", 10_000_000, 1),
        ("openai", "OpenAI", 0, 0),
    ]
    makers = {maker: sum(each.spend_nano for each in parts) for maker, parts in by_maker(found).items()}
    assert makers == {"Anthropic": 500_000_001, "OpenAI": 250_000_000, "Moonshot AI": 60_000_000}
    assert sum(makers.values()) == sum(each.spend_nano for each in found.accounts) == 810_000_001
    assert list(makers) == ["Anthropic", "OpenAI", "Moonshot AI"], "the costliest first"


def test_all_of_time_holds_every_call_and_no_period_is_a_sentence(watched: Watched) -> None:
    watched.call(cost="1.00", model="opencode/gpt-5", at=253_000_000_000_000)
    watched.call(cost="1.00", model="opencode/gpt-5", at=0)
    assert accounts(watched, "all").accounts[0].calls == 2
    assert accounts(watched, "today").accounts == ()
    with pytest.raises(ValueError, match="'soon' is no period"):
        accounts(watched, "soon")


def test_an_answer_of_another_version_is_none(watched: Watched) -> None:
    with watched.ledger.writing() as connection:
        connection.execute(
            "INSERT INTO service VALUES ('console', '', 0, 0, 0, 'ok', '', 0, '{\"balance_nano\": \"x\"}')"
        )
        connection.execute("INSERT INTO service VALUES ('zen', '', 0, 0, 0, 'odd', '', 0, '[3]')")
    found = accounts(watched, OPENCODE_TUI_CONSOLE_COOKIE="c")
    assert (found.console.service.state, found.console.balance_nano) == ("ok", None)
    assert found.zen.models == ()
