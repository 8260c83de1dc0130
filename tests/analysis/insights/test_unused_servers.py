"""MCP servers that are offered and never used."""

from __future__ import annotations

from msgspec.structs import replace

from opencode_tui.analysis.insights.unused_servers import UnusedServers
from opencode_tui.clock import DAY_MS
from opencode_tui.records.calls import Tokens
from opencode_tui.records.work import OfferedServer, PeriodWork
from tests.support.periods import found_in, period, quarter, share
from tests.support.watched import DAY_START
from tests.support.work import words

RULE = UnusedServers()
SERVER = OfferedServer("github", ("/home/dev/shop",), since_ms=0)
HALF_CACHED = Tokens(input=100_000, cache_read=100_000)


def carried(server: OfferedServer = SERVER, calls: int = 200) -> PeriodWork:
    quarters = (quarter("9:00", calls=calls, tokens=HALF_CACHED), quarter("9:00", id="ses_2", calls=1000))
    return period((share(), share("ses_2", project="/home/dev/docs")), quarters, servers=(server,))


def test_its_descriptions_are_assumed_and_the_assumption_is_said() -> None:
    (finding,) = found_in(RULE, carried())
    assert finding.cost_nano == finding.saves_nano == 200 * 500 * (950 + 160) // 2
    said = words(RULE, [finding])
    assert (
        said.what
        == "the tools of the MCP server github were described in 200 calls, and none was used in the last 14 days"
    )
    assert said.how == 'in opencode.json: "mcp": {"github": {"enabled": false}}, and enable it where you need it'
    assert said.sum_shown == (
        "how large the descriptions are is recorded nowhere; with 500 tokens (the setting unused_server_tokens) in 200 "
        "calls, cached as far as the rest of each was: $0.06"
    )
    (more,) = found_in(RULE, carried(), unused_server_tokens=5000)
    assert more.cost_nano == finding.cost_nano * 10


def test_a_server_last_used_two_weeks_ago_is_unused_since() -> None:
    end = DAY_START + 7 * DAY_MS
    assert found_in(RULE, carried(replace(SERVER, last_used_ms=end - 14 * DAY_MS)))
    assert not found_in(RULE, carried(replace(SERVER, last_used_ms=end - 13 * DAY_MS)))


def test_few_calls_other_projects_and_a_server_that_may_be_new_are_none() -> None:
    assert found_in(RULE, carried(calls=20)) and not found_in(RULE, carried(calls=19))
    assert not found_in(RULE, carried(replace(SERVER, projects=())))
    assert not found_in(RULE, carried(replace(SERVER, since_ms=DAY_START + 12 * 3_600_000)))
    assert not found_in(RULE, period())
    assert not found_in(RULE, carried(), unused_server_tokens=0)
