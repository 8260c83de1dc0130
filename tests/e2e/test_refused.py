"""A tool that a person, or a rule of theirs, did not let run, on the real OpenCode 1.x and 2.x."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.e2e.hold import NewLedger
from tests.e2e.opencode import LATEST, Install
from tests.e2e.opencode2 import LATEST_2

pytestmark = pytest.mark.e2e

REFUSED = 2
PERSON = {"*": "allow", "edit": "ask"}
INSTEAD = "keep the old name"
RULE = {"*": "allow", "edit": {"*": "allow", "a.py": "deny"}}


@pytest.mark.parametrize("version", [LATEST, LATEST_2])
@pytest.mark.parametrize(
    ("permission", "instead"),
    [(PERSON, ""), (PERSON, INSTEAD), (RULE, "")],
    ids=["by a person", "with words", "by a rule"],
)
def test_an_edit_that_was_refused_is_none_that_failed(
    install: Install, new_ledger: NewLedger, version: str, permission: dict[str, object], instead: str
) -> None:
    opencode = install(version, permission=permission)
    with opencode.serve() as server:
        session = server.new_session()
        if permission is RULE:
            server.prompt(session, "EDIT it")
        else:
            server.prompt_and_leave(session, "EDIT it")
            server.decline(session, instead, after_s=1.1 if instead else 0)
    assert (opencode.project / "a.py").read_text() == "x = 1\n"
    ledger = new_ledger(opencode)
    ledger.sync()
    with closing(sqlite3.connect(ledger.file)) as connection:
        rows = connection.execute("SELECT name, ok FROM tool WHERE name = 'edit'").fetchall()
    assert rows == [("edit", REFUSED)]
