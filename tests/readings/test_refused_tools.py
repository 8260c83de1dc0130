"""What a person refused did nothing: it is no failure of the model, no edit and no retry, in each form of store."""

from __future__ import annotations

from pathlib import Path

import pytest

from opencode_tui.config.settings import Settings
from opencode_tui.readings.context import Context
from opencode_tui.readings.finding_settling import settle_findings
from opencode_tui.readings.insights import read_insights
from opencode_tui.readings.session import read_turn, read_turns_of
from opencode_tui.records.requests import InsightsRequest, TurnRequest
from opencode_tui.report.call_words import tool_line
from tests.stores import V1, V2, Files, MakeStore, Store, tool
from tests.support.ledgers import Reader, reader

FILE = "/home/dev/shop/src/pay.ts"
REJECTED = "The user rejected permission to use this specific tool call."
CORRECTED = f"{REJECTED[:-1]} with the following feedback: keep the old name SEKRIT"
DENIED = "The user has specified a rule which prevents you from using this specific tool call. Here are some rules []"
MISSING = "Could not find oldString in the file."
every_form = pytest.mark.parametrize("make", [V1, V2, Files])


def read_all(store: Store) -> Reader:
    read = reader(store.data_dir, settings=Settings(timezone="UTC"))
    while read.poll():
        pass
    return read


def failed_edits(read: Reader, now_ms: int) -> list[int]:
    settle_findings(read.ledger, {}, None)
    context = Context(read.ledger.connection, now_ms, Settings(timezone="UTC"))
    return [each.cost_nano for each in read_insights(InsightsRequest("all"), context).insights if "edit" in each.rule]


@every_form
@pytest.mark.parametrize(
    ("error", "found"), [(REJECTED, []), (CORRECTED, []), (DENIED, []), (MISSING, [91_200_005]), ("", [91_200_005])]
)
def test_edits_that_were_refused_are_no_failed_edits(
    make: MakeStore, tmp_path: Path, error: str, found: list[int]
) -> None:
    store = make(tmp_path)
    session = store.session("Careful review")
    for _ in range(5):
        edit = tool("edit", FILE, ok=False, output=error)
        store.call(session, turn=store.prompt(session), cost="0.018240001", tools=[edit])
    read = read_all(store)
    assert failed_edits(read, store.now) == found
    turns = read.ledger.connection.execute("SELECT DISTINCT task, edits, retries, one_shot FROM turn").fetchall()
    assert turns == [("coding", 0, 0, None)]
    kept = read.ledger.connection.execute("SELECT DISTINCT name, target, ok FROM tool").fetchall()
    assert kept == [("edit", FILE, 0 if found else 2)]
    assert read.ledger.connection.execute("SELECT sum(failures) FROM tool_sum").fetchone() == (5 if found else 0,)
    read.close()


@pytest.mark.parametrize(
    ("kind", "message", "found"),
    [
        ("aborted", "The user declined this tool call", []),
        ("permission.rejected", "Permission denied: edit", []),
        ("permission.rejected", "SEKRIT is not yours", []),
        ("unknown", REJECTED, []),
        ("aborted", "Tool execution interrupted", [91_200_005]),
        ("tool.execution", "Unable to edit src/pay.ts", [91_200_005]),
        ("tool.execution", f"File not found: {FILE}", [91_200_005]),
    ],
)
def test_opencode_2_says_by_the_type_of_the_error_what_was_refused(
    tmp_path: Path, kind: str, message: str, found: list[int]
) -> None:
    store = V2(tmp_path)
    session = store.session("Careful review")
    for _ in range(5):
        edit = tool("edit", FILE, ok=False, output=message, error_type=kind)
        store.call(session, turn=store.prompt(session), cost="0.018240001", tools=[edit])
    read = read_all(store)
    assert failed_edits(read, store.now) == found
    kept = read.ledger.connection.execute("SELECT DISTINCT name, target, ok FROM tool").fetchall()
    assert kept == [("edit", FILE, 0 if found else 2)]
    read.close()


@pytest.mark.parametrize(
    ("name", "message", "took", "refused"),
    [
        ("edit", "Unable to edit src/pay.ts", 4000, True),
        ("write", "Unable to write src/pay.ts", 4000, True),
        ("apply_patch", "Unable to apply patch", 4000, True),
        ("bash", "Unable to execute command: npm test", 4000, True),
        ("edit", "Unable to edit src/pay.ts", 90, False),
        ("edit", "Could not find oldString in src/pay.ts.", 4000, False),
        ("apply_patch", "Unable to prepare patch at src/pay.ts", 4000, False),
        ("grep", "Unable to grep for pay", 4000, False),
    ],
)
def test_opencode_2_does_not_say_that_a_person_wanted_something_else_but_their_writing_took_time(
    tmp_path: Path, name: str, message: str, took: int, refused: bool
) -> None:
    store = V2(tmp_path)
    session = store.session("Careful review")
    use = tool(name, FILE if name != "bash" else "npm test", ok=False, output=message, took=took)
    store.call(session, turn=store.prompt(session), tools=[use])
    read = read_all(store)
    assert read.ledger.connection.execute("SELECT ok FROM tool").fetchall() == [(2 if refused else 0,)]
    read.close()


@every_form
def test_an_edit_after_a_refused_one_is_its_first_and_the_session_says_refused(make: MakeStore, tmp_path: Path) -> None:
    store = make(tmp_path)
    session = store.session("Careful review")
    turn = store.prompt(session)
    for refused in (tool("edit", FILE, ok=False, output=REJECTED), tool("bash", "npm test", ok=False, output=REJECTED)):
        store.call(session, turn=turn, tools=[refused])
    store.call(session, turn=turn, tools=[tool("edit", FILE)])
    read = read_all(store)
    assert failed_edits(read, store.now) == []
    assert read.ledger.connection.execute("SELECT task, edits, retries FROM turn").fetchall() == [("coding", 1, 0)]
    context = Context(read.ledger.connection, store.now, Settings(timezone="UTC"))
    (shown,) = read_turns_of(session, context)
    assert (shown.edits, shown.edit_retries, [count.failures for count in shown.tools]) == (1, 0, [0, 0])
    view = read_turn(TurnRequest(session, turn), context)
    lines = [tool_line(each) for call in view.calls for each in call.tools]
    assert ["refused" in line for line in lines] == [True, True, False]
    assert lines[0].startswith("✕ edit") and "failed" not in lines[0]
    read.close()


def test_nothing_of_what_the_person_said_is_kept(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Careful review")
    store.call(session, tools=[tool("edit", FILE, ok=False, output=CORRECTED)])
    read = read_all(store)
    read.close()
    assert all(b"SEKRIT" not in file.read_bytes() for file in read.ledger.path.parent.glob("*ledger*"))
