"""MCP servers of projects, and when their tools were last used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from opencode_tui.clock import DAY_MS
from opencode_tui.config.settings import Settings
from opencode_tui.readings.context import Context
from opencode_tui.readings.offered_servers import read_offered_servers
from tests.support.prices import GLOBAL, book, write
from tests.support.watched import NOON, Watched

SHOP, DOCS = "/home/dev/shop", "/home/dev/docs"


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path / "ledger.db")
    yield watched
    watched.ledger.close()


def context_with(home: Path, watched: Watched, **servers: object) -> Context:
    write(home / GLOBAL, {"mcp": {name: {"type": "local", "command": ["x"]} for name in servers}})
    return Context(watched.ledger.connection, NOON, Settings(timezone="UTC"), book=book(home))


def test_a_server_is_used_by_any_tool_that_begins_with_its_name(tmp_path: Path, watched: Watched) -> None:
    watched.call(at=NOON - DAY_MS, tools=[("github_list_issues", ""), ("githubby", "")])
    watched.call(at=NOON - 20 * DAY_MS, tools=[("jira_search", "")])
    context = context_with(tmp_path, watched, github=1, jira=1)
    github, jira = read_offered_servers((SHOP, DOCS, SHOP), NOON, context)
    assert (github.name, github.projects, github.last_used_ms) == ("github", (SHOP, DOCS), NOON - DAY_MS + 500)
    assert github.since_ms == (tmp_path / GLOBAL).stat().st_mtime_ns // 1_000_000
    assert (jira.name, jira.last_used_ms) == ("jira", None), "three weeks ago is too long"


def test_without_servers_prices_or_projects_there_are_none(tmp_path: Path, watched: Watched) -> None:
    context = context_with(tmp_path, watched)
    assert not read_offered_servers((SHOP,), NOON, context)
    assert not read_offered_servers((), NOON, context)
    assert not read_offered_servers((SHOP,), NOON, replace(context, book=None))


def test_a_name_with_control_characters_is_harmless(tmp_path: Path, watched: Watched) -> None:
    context = context_with(tmp_path, watched, **{"a\x1b[31mb": 1})
    (server,) = read_offered_servers((SHOP,), -(10**18), context)
    assert server.name.isprintable()
