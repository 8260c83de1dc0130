"""How many subagents, how deep, how costly, and how often they read the same."""

from __future__ import annotations

from msgspec.structs import replace

from opencode_tui.analysis.insights.costly_subagents import CostlySubagents
from opencode_tui.analysis.insights.fan_out import FanOut
from opencode_tui.analysis.insights.nested_subagents import NestedSubagents
from opencode_tui.analysis.insights.repeated_exploration import RepeatedExploration
from opencode_tui.clock import HOUR_MS, MINUTE_MS
from opencode_tui.records.calls import Tokens
from opencode_tui.records.work import ChildWork, SessionWork
from tests.support.periods import child
from tests.support.watched import NOON
from tests.support.work import GLM, OPUS, call, found, session, turn, words

NANO = 10**9


def asking(*turns: list[ChildWork], more: tuple[ChildWork, ...] = (), cost: str = "0.05") -> SessionWork:
    """A session whose turns start these subagents; `more` are below them."""
    started = [each for of_turn in turns for each in of_turn]
    work = session(
        *(turn(call(cost, *("task explore" for _ in of_turn))) for of_turn in turns), children=(*started, *more)
    )
    linked = []
    for place, of_turn in enumerate(turns):
        uses = zip(work.turns[place].tools, of_turn, strict=True)
        tools = tuple(replace(use, child_session_id=each.id) for use, each in uses)
        linked.append(replace(work.turns[place], tools=tools))
    return replace(work, turns=tuple(linked))


def some(count: int, cost: str = "0.10", **fields: object) -> list[ChildWork]:
    return [child(cost, id=f"ses_{number}", **fields) for number in range(10, 10 + count)]  # type: ignore[arg-type]


def test_many_subagents_of_a_turn_cost_all_that_is_below_them() -> None:
    below = child("0.30", id="ses_x", parent="ses_10", depth=2)
    work = asking(some(6), more=(below,))
    (finding,) = found(FanOut(), work)
    assert finding.cost_nano == 900_000_000
    assert len(finding.calls) == 14
    assert finding.saves_nano == 20_000_000, "the first calls of the two that are too many"
    said = words(FanOut(), [finding])
    assert said.title == "one turn started 6 subagents"
    assert said.what == ('one turn of "Fix header" started 6 subagents, which cost $0.90 beside $0.05 for the asking')
    assert said.sum_shown.startswith("$0.90 in all; the first calls of 2 subagents, which read")


def test_four_or_six_over_two_turns_or_one_resumed_often_are_no_fan_out() -> None:
    assert not found(FanOut(), asking(some(4)))
    assert not found(FanOut(), asking(some(6)[:3], some(6)[3:]))
    assert not found(FanOut(), asking([child() for _ in range(6)]))
    assert found(FanOut(), asking(some(4)), fan_out=4)
    assert not found(FanOut(), asking(some(9)), fan_out=0)


def test_subagents_of_subagents_are_found_at_their_root() -> None:
    deep = (child("0.20", id="ses_x", parent="ses_10", depth=2), child("0.10", id="ses_y", parent="ses_x", depth=3))
    work = asking(some(1), more=deep)
    (finding,) = found(NestedSubagents(), work)
    assert (finding.cost_nano, finding.saves_nano) == (300_000_000, 30_000_000)
    assert words(NestedSubagents(), [finding]).what == (
        '2 subagents of "Fix header" were started by subagents, up to 3 levels deep: $0.30'
    )
    assert not found(NestedSubagents(), replace(work, parent_id="ses_0"))
    assert not found(NestedSubagents(), asking(some(3)))
    assert not found(NestedSubagents(), work, nested_subagents=4)


def test_subagents_that_cost_a_multiple_of_their_session_on_its_own_model() -> None:
    (finding,) = found(CostlySubagents(), asking(some(2), cost="0.06"))
    assert (finding.cost_nano, finding.saves_nano) == (200_000_000, 10_000_000)
    assert words(CostlySubagents(), [finding]).title == "2 subagents cost 3× the session that asked for them"
    dearer = some(2, "0.50", model=OPUS)
    assert found(CostlySubagents(), asking(dearer, cost="0.30"))


def test_below_the_multiple_on_a_cheaper_model_one_alone_or_a_fan_out_are_none() -> None:
    assert not found(CostlySubagents(), asking(some(2), cost="0.07"))
    assert not found(CostlySubagents(), asking(some(2, model=GLM, tokens=Tokens(input=150_000)), cost="0.01"))
    assert not found(CostlySubagents(), asking(some(1), cost="0.01"))
    assert not found(CostlySubagents(), asking(some(6), cost="0.01"))
    assert found(CostlySubagents(), asking(some(6), cost="0.01"), fan_out=0)
    assert not found(CostlySubagents(), asking(some(2), cost="0"))


FILES = tuple(f"src/{name}.ts" for name in "abcdef")


def test_a_subagent_that_reads_what_another_had_just_read() -> None:
    first = child(id="ses_a", reads=FILES)
    second = child("0.30", id="ses_b", reads=(*FILES[:4], "src/x.ts", "src"), started_ms=NOON + HOUR_MS - 1)
    for work in (asking([first, second]), asking([first], [second])):
        (finding,) = found(RepeatedExploration(), work)
        assert (finding.cost_nano, finding.saves_nano) == (300_000_000, 240_000_000)
        assert finding.calls == ("ses_b.c1", "ses_b.c2")
        assert words(RepeatedExploration(), [finding]).what == (
            '1 subagent of "Fix header" read 4 files of 5 that another subagent had just read: $0.30'
        )


def test_few_files_that_each_of_several_subagents_reads_count_together() -> None:
    readers = [child("0.10", id=f"ses_{name}", reads=FILES[:2], started_ms=NOON + n) for n, name in enumerate("abc")]
    (finding,) = found(RepeatedExploration(), asking(readers))
    assert (finding.cost_nano, finding.saves_nano) == (200_000_000, 200_000_000)
    assert words(RepeatedExploration(), [finding]).sum_shown == (
        "4 of 4 files, as a share of what each subagent cost: $0.20"
    )
    assert not found(RepeatedExploration(), asking(readers[:2])), "two files in all"
    half = [replace(readers[0], id=f"ses_{n}", reads=("README.md", f"src/{n}.ts")) for n in range(6)]
    assert not found(RepeatedExploration(), asking(half)), "each has a file of its own"


def test_few_common_files_folders_and_other_work_are_none() -> None:
    first = child(id="ses_a", reads=FILES)
    for reads in (FILES[:3], (*FILES[:4], *(f"lib/{n}.ts" for n in range(5))), ("src", "lib", "docs", "tests", ".git")):
        assert not found(RepeatedExploration(), asking([first, child(id="ses_b", reads=reads)]))
    again = child(id="ses_b", reads=FILES)
    assert not found(RepeatedExploration(), asking([first, replace(again, task="coding")]))
    assert not found(RepeatedExploration(), asking([first, again]), repeated_exploration=7)
    assert not found(RepeatedExploration(), asking([first], more=(replace(again, parent_id="ses_a", depth=2),)))


def test_files_that_may_have_changed_since_are_worth_another_look() -> None:
    first, again = child(id="ses_a", reads=FILES), child(id="ses_b", reads=FILES, started_ms=NOON + 10 * MINUTE_MS)
    assert not found(RepeatedExploration(), asking([first, replace(again, started_ms=NOON + HOUR_MS)]))
    worker = child(id="ses_w", task="coding", started_ms=NOON + MINUTE_MS, last_ms=NOON + 2 * MINUTE_MS)
    assert not found(RepeatedExploration(), asking([first, worker, again]))
    edited = asking([first, again])
    edit = session(turn(call("0.01", "edit src/a.ts", pause_s=300)), id="ses_1").turns[0]
    own = replace(edit, calls=tuple(replace(each, id="own") for each in edit.calls))
    own = replace(own, tools=tuple(replace(use, call_id="own") for use in own.tools))
    assert found(RepeatedExploration(), edited)
    assert not found(RepeatedExploration(), replace(edited, turns=(*edited.turns, own)))
