"""Files that nobody wrote, read into the context."""

from __future__ import annotations

from typing import Any

from opencode_tui.analysis.insights.large_inputs import LargeInputs
from opencode_tui.records.work import SessionWork
from tests.support.work import GLM, OPUS, Written, call, found, session, turn, words

RULE = LargeInputs()
LOCK = "read package-lock.json"


def growing(*uses: str, then: int = 32_000, later: int = 2, **fields: Any) -> SessionWork:
    """A call of 10,000 tokens with these uses, then one that read so many, then calls from the cache."""
    calls: list[Written] = [call("0.02", *uses, input=10_000, output=100)]
    calls.append(call("0.05", input=then - 10_000, cache_read=10_000))
    calls += [call("0.02", input=500, cache_read=then + 600 * each) for each in range(later)]
    return session(turn(*calls), project="/home/dev/shop", **fields)


def test_a_lock_file_is_paid_when_it_is_read_and_carried_from_then_on() -> None:
    (finding,) = found(RULE, growing(LOCK))
    tokens = 32_000 - 10_000 - 100
    assert finding.cost_nano == finding.saves_nano == tokens * 950 + 2 * tokens * 160
    assert (finding.sure, finding.calls, finding.key) == (
        "estimated",
        ("ses_1.c2", "ses_1.c3", "ses_1.c4"),
        "/home/dev/shop",
    )
    said = words(RULE, [finding])
    assert said.title == "package-lock.json read: 22k tokens that nobody wrote"
    assert said.how == "add to .ignore in the project: package-lock.json; and tell it in AGENTS.md not to read them"
    assert said.sum_shown == (
        "22k tokens, by how much the context grew: $0.02 when first read, and $0.0070 for 2 calls that read them again"
    )


def test_a_log_is_one_wherever_it_lies_in_the_project() -> None:
    tokens = 32_000 - 10_000 - 100
    for log in ("build.log", "/home/dev/shop/logs/ci-1.log", "npm-debug.log"):
        (finding,) = found(RULE, growing(f"read {log}"))
        assert finding.cost_nano == finding.saves_nano == tokens * 950 + 2 * tokens * 160
        assert "*.log;" in words(RULE, [finding]).how
    assert not found(RULE, growing("read /var/log/nginx/access.log"))


def test_a_command_that_only_shows_such_a_file_reads_it() -> None:
    tokens = 32_000 - 10_000 - 100
    for use, line in (
        ("bash cat < node_modules/react/index.js", "node_modules/"),
        ("bash head < dist/bundle.js", "dist/"),
        ("bash less < build.log", "*.log"),
        ("bash ls && grep < vendor/", "vendor/"),
    ):
        (finding,) = found(RULE, growing(use))
        assert finding.cost_nano == finding.saves_nano == tokens * 950 + 2 * tokens * 160
        assert words(RULE, [finding]).how.startswith(f"add to .ignore in the project: {line};")
    for use in ("bash npm run build && cat < build.log", "bash cat < build.log < src/a.ts", "bash cat", "bash grep"):
        assert not found(RULE, growing(use)), "what it wrote, or some of it, was something else"
    assert not found(RULE, growing("bash cat < vendor/a.go", "edit vendor/a.go"))


def test_a_cache_that_is_written_is_paid_at_its_own_rate() -> None:
    calls = (
        call("0.06", LOCK, input=10_000, model=OPUS),
        call("0.30", input=10, cache_read=10_000, cache_write=22_000, model=OPUS),
    )
    (finding,) = found(RULE, session(turn(*calls)))
    assert finding.cost_nano == (22_010 - 100) * 6250


def test_a_title_in_between_changes_nothing() -> None:
    title = call("0.001", input=300, agent="title", model=GLM, pause_s=1)
    calls = (call("0.02", LOCK, input=10_000), title, call("0.05", input=22_000, cache_read=10_000))
    (finding,) = found(RULE, session(turn(*calls)))
    assert finding.calls == ("ses_1.c3",)


def test_the_lines_of_several_sessions_are_one_insight() -> None:
    works = (growing(LOCK, "grep node_modules/react"), growing("read dist/app.js", id="ses_2"))
    findings = [finding for work in works for finding in found(RULE, work)]
    said = words(RULE, findings)
    assert "package-lock.json, node_modules/, dist/" in said.how
    assert said.title.startswith("package-lock.json and 2 more read: 44k tokens")


def test_older_versions_of_opencode_let_a_tool_say_more_than_50_kb() -> None:
    (finding,) = found(RULE, growing("read dist/app.js", then=70_000, later=1))
    fresh, carried = 59_900 * 950, 59_900 * 160
    assert (finding.cost_nano, finding.cost_nano - carried) == (50_000_000 + carried, min(50_000_000, fresh))


def test_without_any_cache_each_later_call_pays_for_it_as_input() -> None:
    sizes = (9_000, 29_000, 30_000, 31_000)
    calls = [call("0.10", *([LOCK] if size == 9_000 else []), input=size, output=200) for size in sizes]
    (finding,) = found(RULE, session(turn(*calls)))
    assert finding.cost_nano == finding.saves_nano == 3 * (29_000 - 9_000 - 200) * 950
    assert words(RULE, [finding]).sum_shown == (
        "20k tokens, by how much the context grew: $0.02 when first read, and $0.04 for 2 calls that read them again"
    )


def test_small_growth_and_what_cannot_be_told_apart_are_none() -> None:
    assert not found(RULE, growing(LOCK, then=15_000))
    assert found(RULE, growing(LOCK, then=15_000), large_input_tokens=4000)
    for other in ("read src/app.ts", "bash npm test", "task explore", "grep src"):
        assert not found(RULE, growing(LOCK, other))
    assert found(RULE, growing(LOCK, "todowrite", "edit src/app.ts"))


def test_ordinary_files_own_sources_and_switched_models_are_none() -> None:
    assert not found(RULE, growing("read src/app.ts"))
    assert not found(RULE, growing("read vendor/own/app.go", "edit vendor/own/app.go"))
    assert not found(RULE, growing(LOCK, rates={}))
    assert not found(RULE, session(turn(call("0.02", LOCK)), turn(call("0.02", input=40_000))))
    assert not found(RULE, session(turn(call("0.02", LOCK), call("0.02", input=40_000, model=GLM))))
    assert not found(RULE, session(turn(call("0.02", LOCK), call("0", input=40_000))))
