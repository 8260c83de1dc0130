"""Which model is advised while a quota is nearly full, and the sentences on it."""

from __future__ import annotations

import pytest

from opencode_tui.analysis.quota_advice import model_switch
from opencode_tui.analysis.quota_words import pace_text, percent_text, switch_text, wait_text, window_text
from opencode_tui.clock import DAY_MS, HOUR_MS, MINUTE_MS, calendar_for
from opencode_tui.ledger.quota_queries import RecentUse
from opencode_tui.money import NANO
from opencode_tui.records.quotas import ModelSwitch, QuotaReading, QuotaWindow

UTC, GO = calendar_for("UTC"), ("opencode-go",)
NOON = 1_778_673_600_000
CENT = NANO // 100


def window(percent: int, name: str = "5h", resets_ms: int | None = NOON + 2 * HOUR_MS, **fields: object) -> QuotaWindow:
    made = {"cap": 100, "used": percent, "calls": 1, "name": name, "start_ms": 0, "resets_ms": resets_ms}
    return QuotaWindow(**{**made, **fields})  # type: ignore[arg-type]


def use(model: str, calls: int = 10, cents: int = 10) -> RecentUse:
    return RecentUse(model, model.partition("/")[0], cents * CENT, calls)


KIMI = use("opencode-go/kimi-k2.6", 100, 500)
ZEN_KIMI, GPT, LOCAL = use("opencode/kimi-k2.6", cents=40), use("openai/gpt-5", cents=20), use("local/qwen", cents=0)


@pytest.mark.parametrize(
    ("uses", "model", "cents", "is_of_plan"),
    [
        ((KIMI, GPT, ZEN_KIMI), "opencode/kimi-k2.6", 4, False),  # the same model, paid by the call
        ((KIMI, GPT, use("openai/gpt-5-mini", cents=10)), "openai/gpt-5-mini", 1, False),
        ((KIMI, GPT, LOCAL), "local/qwen", 0, False),
        ((KIMI, use("opencode-go/glm-5", cents=20)), "opencode-go/glm-5", 2, True),
        ((KIMI, use("openai/gpt-5", calls=2)), "", 0, False),  # was only tried
        ((KIMI,), "", 0, False),
        ((), "", 0, False),
    ],
)
def test_the_advice_is_a_model_that_is_in_use(
    uses: tuple[RecentUse, ...], model: str, cents: int, is_of_plan: bool
) -> None:
    found = model_switch([window(80)], uses, GO)
    assert found == ModelSwitch(model, NOON + 2 * HOUR_MS, cents * CENT, is_of_plan)


def test_there_is_none_below_80_percent_and_it_holds_until_all_are_reset() -> None:
    assert model_switch([window(79)], (KIMI, ZEN_KIMI), GO) is None
    week = window(85, "week", NOON + DAY_MS)
    found = model_switch([window(95), week, window(10, "month", NOON + 9 * DAY_MS)], (KIMI, ZEN_KIMI), GO)
    assert found is not None and found.until_ms == NOON + DAY_MS


def test_a_full_window_leaves_no_model_of_the_plan() -> None:
    found = model_switch([window(100)], (KIMI, use("opencode-go/glm-5")), GO)
    assert found is not None and found.model == ""


def test_the_pace_is_a_sentence() -> None:
    full = NOON + 2 * HOUR_MS - 22 * MINUTE_MS
    assert pace_text(window(50, full_ms=full), NOON, UTC) == "full at 13:38, 22 min before the reset"
    assert pace_text(window(50), NOON, UTC) == "resets 14:00"
    assert pace_text(window(100), NOON, UTC) == "full until 14:00"
    assert pace_text(window(0, start_ms=None, resets_ms=None), NOON, UTC) == "begins with the next request"
    assert pace_text(window(9, resets_ms=NOON + DAY_MS), NOON, UTC) == "resets Thu 14 May 12:00"


def test_a_percentage_says_how_it_is_known() -> None:
    told = QuotaReading("5h", NOON, NOON, 60, False, {})
    assert percent_text(window(41)) == "≥41%"
    assert percent_text(window(41, reading=told)) == "60%"
    assert percent_text(window(41, reading=told, estimate=66)) == "about 66%"
    assert percent_text(window(41, estimate=50)) == "about 50%"
    assert percent_text(window(41, estimate=30)) == "about 30%", "a model can count less"


def test_the_advice_is_a_sentence_with_the_action_first() -> None:
    until = NOON + 2 * HOUR_MS
    other = ModelSwitch("opencode/kimi-k2.6", until, 4 * CENT, False)
    assert switch_text(other, NOON, UTC) == (
        "/models in OpenCode, to opencode/kimi-k2.6 until 14:00: a call has cost $0.04 on average"
    )
    own = ModelSwitch("opencode-go/glm-5", until, CENT, True)
    assert switch_text(own, NOON, UTC).endswith(
        "opencode-go/glm-5 until 14:00: the same plan, but a call has cost $0.01"
    )
    none = ModelSwitch("", until, 0, False)
    assert switch_text(none, NOON, UTC).startswith("/models in OpenCode, to a model that another account pays for")


def test_words() -> None:
    assert [window_text(name) for name in ("5h", "day", "week", "month")] == [
        "the 5 hours",
        "the day",
        "the week",
        "the month",
    ]
    times = (0, 22 * MINUTE_MS, 65 * MINUTE_MS, 2 * HOUR_MS, 52 * HOUR_MS, 2 * DAY_MS)
    assert [wait_text(each) for each in times] == ["0 min", "22 min", "1 h 5 min", "2 h", "2 d 4 h", "2 d"]
