"""Builds and tests whose output filled the context."""

from __future__ import annotations

from opencode_tui.analysis.insights.loud_commands import LoudCommands
from opencode_tui.records.work import SessionWork
from tests.support.work import call, found, session, turn, words

RULE = LoudCommands()


def runs(*uses: str, grown: int = 8_000, times: int = 2, cost: str = "0.02") -> SessionWork:
    """Turns of a call with these uses and one that read so many tokens more, each from the cache but for that."""
    turns = []
    for number in range(times):
        before = 20_000 + number * max(10_000, grown)
        calls = (call(cost, *uses, input=0, output=0, cache_read=before),)
        turns.append(turn(*calls, call(cost, input=grown, output=0, cache_read=before)))
    return session(*turns)


def test_a_build_that_says_much_is_paid_and_carried() -> None:
    (finding,) = found(RULE, runs("bash npm run"))
    assert (finding.key, finding.sure, finding.calls) == ("npm run", "estimated", ("ses_1.c2", "ses_1.c3", "ses_1.c4"))
    fresh, carried = 2 * 8_000 * 950, 8_000 * 2 * 160
    assert finding.cost_nano == finding.saves_nano == fresh + carried
    said = words(RULE, [finding])
    assert said.title == "npm run filled the context with 16k tokens"
    assert said.what == 'npm run ran 2 times in "Fix header", and its output added about 8.0k tokens each time'


def test_quiet_single_and_mixed_runs_and_other_commands_are_none() -> None:
    assert not found(RULE, runs("bash npm run", grown=4_900))
    assert found(RULE, runs("bash npm run", grown=4_900), loud_command_tokens=4_000)
    assert not found(RULE, runs("bash npm run", times=1))
    assert not found(RULE, runs("bash npm run", "read src/a.ts"))
    assert not found(RULE, runs("bash npm run", "bash npm run"))
    assert not found(RULE, runs("bash cat"))
    assert found(RULE, runs("bash ls && npm test"))
    assert not found(RULE, runs("bash"))
    assert not found(RULE, runs("bash npm run", cost="0"))


def test_growth_says_nothing_about_a_command_where_the_context_falls_again_and_again() -> None:
    def sized(*sizes: int, compacted: int | None = None) -> SessionWork:
        calls = [
            call(
                "0.10",
                *(["bash npm test"] if place in (0, 2) else []),
                input=size,
                output=0,
                agent="compaction" if place == compacted else "build",
            )
            for place, size in enumerate(sizes)
        ]
        return session(turn(*calls))

    grown, more = (9_000, 29_000, 29_500, 45_000), (46_000, 46_500, 47_000)
    (finding,) = found(RULE, sized(*grown, *more))
    assert finding.calls == tuple(f"ses_1.c{number}" for number in range(2, 8))
    assert not found(RULE, sized(*grown, 12_000)), "what the second one said is gone with the next call"
    assert not found(RULE, sized(*grown, *more[:1], 11_000)), "one fall in six calls"
    assert found(RULE, sized(*grown, *more, 11_000))
    assert found(RULE, sized(*grown, *more[:1], 47_000, 11_000, compacted=5))


def test_opencode_cuts_what_a_command_says() -> None:
    assert found(RULE, runs("bash npm run", grown=25_000))
    assert not found(RULE, runs("bash npm run", grown=25_001))
