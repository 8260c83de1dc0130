"""Which MCP servers OpenCode's configuration offers."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from opencode_tui.pricing.mcp_servers import NO_SERVERS, offered, servers_in, tool_prefix
from tests.support.prices import GLOBAL, book, write

LOCAL = {"type": "local", "command": ["npx", "x"]}
REMOTE = {"type": "remote", "url": "https://mcp.example.com"}


def in_files(*files: Mapping[str, object]) -> dict[str, int]:
    """What is offered by files that were last changed at 1, 2 and so on."""
    return offered((servers_in(data), at_ms) for at_ms, data in enumerate(files, 1))


def test_a_described_server_is_offered_since_the_last_file_that_names_it() -> None:
    assert in_files({"mcp": {"github": LOCAL, "jira": REMOTE}}, {"mcp": {"jira": {"enabled": True}}}) == {
        "github": 1,
        "jira": 2,
    }


def test_the_last_switch_wins_and_a_switch_alone_describes_none() -> None:
    assert in_files({"mcp": {"a": {**LOCAL, "enabled": False}}}) == {}
    assert in_files({"mcp": {"a": LOCAL}}, {"mcp": {"a": {"enabled": False}}}) == {}
    assert in_files({"mcp": {"a": {**LOCAL, "enabled": False}}}, {"mcp": {"a": {"enabled": True}}}) == {"a": 2}
    assert in_files({"mcp": {"a": {"enabled": True}}}) == {}


@pytest.mark.parametrize(
    "taken",
    [
        *({"tools": {pattern: False}} for pattern in ("my-mcp*", "my-mcp_*", "*", "my-mcp", "my-mcp_create_issue")),
        {"permission": {"my-mcp_*": "deny"}},
    ],
)
def test_a_server_with_tools_taken_away_is_not_certain(taken: dict[str, object]) -> None:
    described = {"mcp": {"my-mcp": LOCAL}}
    assert in_files(described, taken) == {}
    assert in_files(described, {"tools": {"other*": False, "my-mcp*": True}, "permission": {"bash": "ask"}})


@pytest.mark.parametrize(
    "odd", [{}, {"mcp": []}, {"mcp": {"a": 1, "b": {"enabled": "no"}}}, {"tools": 5, "permission": "deny"}]
)
def test_what_is_no_server_is_passed_over(odd: dict[str, object]) -> None:
    assert servers_in(odd) == NO_SERVERS


def test_other_characters_become_underscores_in_its_tools() -> None:
    assert tool_prefix("my server.v2") == "my_server_v2_"


def test_files_of_a_project_are_read_with_their_times(tmp_path: Path) -> None:
    write(tmp_path / GLOBAL, {"mcp": {"github": LOCAL}})
    mine = write(tmp_path / "shop/opencode.json", {"mcp": {"github": {"enabled": False}, "jira": REMOTE}})
    os.utime(mine, (1_700_000_000, 1_700_000_000))
    prices = book(tmp_path)
    assert set(prices.mcp_servers("/nowhere")) == {"github"}
    assert prices.mcp_servers(str(mine.parent)) == {"jira": 1_700_000_000_000}
    assert not prices.look()


def test_one_from_the_environment_has_no_time(tmp_path: Path) -> None:
    write(tmp_path / GLOBAL, {"mcp": {"github": LOCAL}})
    inline = json.dumps({"mcp": {"github": {"enabled": True}, "jira": REMOTE}})
    assert book(tmp_path, OPENCODE_CONFIG_CONTENT=inline).mcp_servers("/nowhere") == {}
