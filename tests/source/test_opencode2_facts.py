"""OpenCode 2: what is kept of a call and a session."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.stores import V2, tool
from tests.support.opencode2 import TITLE_TOKENS, synced


def test_a_session_without_a_title_goes_by_its_project_and_time(store: V2) -> None:
    root = store.session("")
    store.call(root, cost="0.20")
    ours = synced(store)
    ((title,),) = ours.rows("SELECT title FROM session")
    project = Path(store.sessions[root].directory).name
    assert title.startswith(f"{project}, ") and title[-3] == ":"
    store.title(root, cost="0.0004", tokens=TITLE_TOKENS, title="Fix header")
    ours.poll()
    assert ours.rows("SELECT title FROM session") == [("Fix header",)]


def test_a_call_keeps_its_variant_and_when_its_answer_had_arrived(store: V2, root: str) -> None:
    call = store.call(root, cost="0.20", took=5000, tools=[tool("bash", "ls", took=3000)])
    store.database.run("UPDATE session_message SET data = json_set(data, '$.model.variant', 'high') WHERE id = ?", call)
    ours = synced(store)
    made = store.messages[call].created
    rows = ours.rows("SELECT variant, streamed_ms, completed_ms FROM call ORDER BY created_ms")
    assert rows[-1] == ("high", made + 2000, made + 5000)
    assert rows[0][0] is None


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        ({"type": "provider.rate-limit", "message": "key sk-SECRET is over its limit"}, "provider.rate-limit"),
        ({"type": "the key sk-SECRET was refused", "message": "x"}, "error"),
        ({"message": "sk-SECRET"}, "error"),
        ("sk-SECRET was refused", "error"),
    ],
)
def test_an_error_is_kept_by_its_type_never_by_its_text(store: V2, root: str, error: object, kept: str) -> None:
    call = store.call(root, error="APIError")
    store.database.run(
        "UPDATE session_message SET data = json_set(data, '$.error', json(?)) WHERE id = ?", json.dumps(error), call
    )
    assert synced(store).rows("SELECT error FROM call WHERE id = ?", call) == [(kept,)]


def test_tools_go_by_one_name_over_an_upgrade_and_a_child_may_be_resumed(store: V2, root: str) -> None:
    child = store.session("explore code", parent=root)
    tasks = [tool("task", "explore code", child=child, agent="explore") for _ in range(2)]
    store.call(root, tools=[tool("bash", "git status"), tool("apply_patch", "*** Update File: a.py"), *tasks])
    store.call(child, cost="0.05")
    ours = synced(store)
    told = ours.rows("SELECT name, target, child_session_id FROM tool ORDER BY id")
    assert told == [
        ("bash", "git status", None),
        ("apply_patch", "a.py", None),
        ("task", "explore", child),
        ("task", "explore", child),
    ]
