"""A file is read the same without pydantic as with it, and is left to pydantic exactly if something in it is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opencode_tui.config.errors import SettingsError
from opencode_tui.config.layers import read_settings
from opencode_tui.config.model import all_keys, document_with, tables_in
from opencode_tui.config.options import declared
from opencode_tui.config.plain import NotPlain, plain_settings
from tests.support.paths import ROOT

KEYS = [
    key
    for key in all_keys(tables_in(document_with(declared())))
    if key[-1]
    not in (
        "spend",
        "custom",
        "projects",
        "agents",
        "quota",
        "rates",
        "budgets",
        "tags",
        "seats",
    )  # whose keys the user names: see NAMED
]
RIGHT: tuple[Any, ...] = (
    1,
    2,
    80,
    0.5,
    1.25,
    "off",
    True,
    "warning",
    "UTC",
    "calm",
    "x.db",
    "~/x",
    "list",
    ["a", "/b"],
    [],
)
WRONG: tuple[Any, ...] = (-1, 0, "", "\u0007", 10**9, "nowhere", {"x": 1}, [1], 0.05, "https://x.example/hook")
VALUES = st.sampled_from(RIGHT * 3 + WRONG)
NAMED = st.sampled_from(
    (
        (("alerts", "spend", "opus"), {"scope": "model", "only": "opus", "warning_usd": 0.5}),
        (("alerts", "spend", "opus"), {"scope": "model", "notice_usd": 2, "warning_usd": 0.5}),
        (("alerts", "spend", "opus"), {"scope": "town", "warning_usd": 0.5}),
        (("alerts", "spend", "o o"), {"warning_usd": 0.5}),
        (("alerts", "spend", "none"), {}),
        (("pricing", "custom", "opencode/kimi-k2.6"), {"input": 0.95, "output": 4}),
        (("pricing", "custom", "a/b"), {"input": 1, "from": "2026-05-01", "hours": "16:30-00:30", "zone": "UTC"}),
        (("pricing", "custom", "a/b"), [{"input": 1}, {"input": 2, "from": "2026-05-01"}]),
        (("pricing", "custom", "a/b"), [{"input": 1}, {"input": 2}]),
        (("pricing", "custom", "a/b"), [{"input": 1}, 2]),
        (("pricing", "custom", "a/b"), {"input": 1, "hours": "25:00-26:00"}),
        (("pricing", "custom", "kimi"), {"input": 0.95}),
        (("pricing", "custom", "opencode/kimi-k2.6"), {"inptu": 0.95}),
        (("guard", "projects", "~/shop"), 1.5),
        (("guard", "rates", "explore"), {"scope": "agent", "calls_a_minute": 20, "hour_usd": 0.5}),
        (("guard", "rates", "shop"), {"scope": "project", "only": "~/shop", "hour_usd": 0.5}),
        (("guard", "rates", "shop"), {"scope": "project", "only": "shop", "hour_usd": 0.5}),
        (("guard", "rates", "none"), {"scope": "agent"}),
        (("guard", "rates", "b b"), {"calls_a_minute": 20}),
        (("budgets", "web"), {"scope": "project", "only": "~/web", "period": "week", "cutoff_usd": 5}),
        (("budgets", "web"), {"scope": "project", "cutoff_usd": 5}),
        (("budgets", "web"), {"warning_usd": 5, "cutoff_usd": 4}),
        (("budgets", "web"), {"owner": "Anna", "ci_usd": 5, "cutoff_usd": 4}),
        (("budgets", "web"), {"only": "web", "cutoff_usd": 4}),
        (("budgets", "web"), {"of_team": True, "cutoff_usd": 4}),
        (("tags", "client-a"), ["~/a/*"]),
        (("tags", "client-a"), "/srv/a"),
        (("tags", "client-a"), "a"),
        (("guard", "projects", "shop"), 1.5),
        (("guard", "agents", "build"), 0.75),
        (("guard", "agents", "build"), "much"),
        (("quota", "copilot"), {"providers": ["github-copilot"], "unit": "turns", "windows": {"month": 300}}),
        (("quota", "copilot"), {"providers": ["github-copilot"], "windows": {"fortnight": 300}}),
        (("quota", "copilot"), {"providers": ["github-copilot"]}),
        (("quota", "opencode-go"), {"month_day": 14, "counts": {"glm-5": 1.5}}),
        (("quota", "opencode-go"), {"month_day": 32}),
        (("quota", "a plan"), {"providers": ["x"], "windows": {"day": 1}}),
        (("team", "share"), "titles"),
        (("team", "week_budget_usd"), "off"),
        (("team", "seats"), {"anna": "~/anna.db", "ben": {"path": "ben", "share": "sessions"}}),
        (("team", "seats"), {"anna": 3}),
        (("team", "push"), {"to": "postgresql://anna@db/costs", "password_file": "secret"}),
        (("team", "push"), {"to": "postgresql://anna:pw@db/costs"}),
        (("network", "zen_url"), "http://127.0.0.1:8080/zen/"),
        (("network", "zen_url"), "http://zen.example"),
        (("bugdet", "warning_usd"), 1),
        (("alerts", "lop"), 3),
        (("channels", "pager"), "warning"),
        (("budget",), 3),
    )
)


def toml(value: Any) -> str:
    """A value as TOML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


def nested(pairs: list[tuple[tuple[str, ...], Any]]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for key, value in pairs:
        table = document
        for part in key[:-1]:
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                break
        else:
            table[key[-1]] = value
    return document


def both(file: Path) -> tuple[object, object]:
    """The settings by each way; None where there are none."""
    try:
        plain: object = plain_settings(file)
    except NotPlain:
        plain = None
    try:
        return plain, read_settings({}, {}, file)
    except SettingsError:
        return plain, None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(KEYS), VALUES) | NAMED, max_size=4))
def test_both_ways_give_the_same_settings_or_none(config: Path, pairs: list[tuple[tuple[str, ...], Any]]) -> None:
    text = "\n".join(f"{key} = {toml(value)}" for key, value in nested(pairs).items())
    config.write_text(text, encoding="utf-8")
    plain, layered = both(config)
    assert plain == layered, text


@pytest.mark.parametrize("key", KEYS, ids=".".join)
def test_every_key_can_be_read_without_pydantic(key: tuple[str, ...], config: Path) -> None:
    plains = []
    for value in (*RIGHT, ["notify-send"], "recorded", "titles", "https://x.example/v1", "postgresql://db/costs"):
        config.write_text(f"{key[0]} = {toml(nested([(key, value)])[key[0]])}", encoding="utf-8")
        plain, layered = both(config)
        assert plain == layered, config.read_text(encoding="utf-8")
        plains.append(plain is not None)
    assert any(plains)


def test_the_example_is_read_without_pydantic() -> None:
    plain, layered = both(ROOT / "config.example.toml")
    assert plain == layered is not None
