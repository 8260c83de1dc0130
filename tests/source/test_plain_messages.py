"""The fast way to decode a message gives the call that the thorough one does, or leaves the message to that."""

from __future__ import annotations

import json
import random

import pytest

from opencode_tui.source.decode import call_from_v1, json_object
from opencode_tui.source.plain_messages import plain_call
from tests.source.test_hostile_stores import DATE, message, text_of

PLAIN = {
    "role": "assistant",
    "parentID": "msg_0",
    "mode": "build",
    "agent": "build",
    "path": {"cwd": "/home/dev/shop", "root": "/home/dev/shop"},
    "cost": 0.0209126495,
    "tokens": {"input": 900, "output": 90, "reasoning": 30, "cache": {"read": 4000, "write": 0}},
    "modelID": "kimi-k2.6",
    "providerID": "opencode",
    "time": {"created": DATE, "completed": DATE + 9},
    "finish": "tool-calls",
}


@pytest.mark.parametrize(
    "change",
    [
        *({}, {"cost": 0}, {"cost": 10_000}, {"finish": None}, {"finish": "hunter2"}, {"agent": "sk-abcdefghij"}),
        *({"time": {"created": DATE}}, {"mode": "x", "agent": ""}, {"parentID": ""}, {"modelID": "a\x1b[31m\u202eb"}),
        *({"tokens": PLAIN["tokens"] | {"total": 4990}}, {"tokens": PLAIN["tokens"] | {"total": 5020}}),  # type: ignore[operator]
        {"unknown": {"deep": [1, {"x": "💥"}]}},
    ],
)
@pytest.mark.parametrize("version", [None, "1.1.11", "1.18.34"])
def test_a_plain_message_is_the_same_call(change: dict[str, object], version: str | None) -> None:
    text = json.dumps(PLAIN | change)
    here = plain_call(text, "m", "s", DATE - 1, version)
    assert here is not None
    assert here == call_from_v1(
        json.loads(text), id="m", session_id="s", created_ms=DATE, session_created_ms=DATE - 1, version=version
    )


@pytest.mark.parametrize(
    "change",
    [
        *({"error": {"name": "APIError"}}, {"cost": -1}, {"cost": 10_001}, {"cost": True}, {"cost": None}),
        *({"role": "user"}, {"tokens": None}, {"time": {}}, {"path": None}, {"parentID": None}, {"agent": 7}),
        *({"time": {"created": 0}}, {"time": {"created": 10**15}}, {"tokens": {"input": -1, "output": 0, "cache": {}}}),
    ],
)
def test_what_is_odd_is_left_to_the_thorough_one(change: dict[str, object]) -> None:
    text = json.dumps(PLAIN | change)
    assert plain_call(text, "m", "s", None, None) is None


def test_both_agree_on_anything() -> None:
    dice = random.Random(3)
    plain = 0
    for _ in range(2_000):
        text = text_of(dice)
        if dice.random() < 0.5:
            text = json.dumps(message(dice) | {"parentID": "msg_0", "error": None})
        if not isinstance(text, str):
            continue
        made = dice.choice([None, DATE, DATE + 10**9])
        call = plain_call(text, "m", "s", made, "1.2.0")
        if call is not None:
            plain += 1
            assert call == call_from_v1(
                json_object(text), id="m", session_id="s", created_ms=DATE, session_created_ms=made, version="1.2.0"
            )
    assert plain > 150
