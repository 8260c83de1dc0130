"""No command prints anything that a terminal, tmux or a shell that it is pasted into would act on."""

from __future__ import annotations

import json
import shlex
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from opencode_tui.clock import now_ms
from opencode_tui.records.privacy.harmless import one_line
from tests.stores import V1
from tests.support.escapes import ESCAPES, acts
from tests.support.shell import Shell, at, said_in_terminal

NASTY = "".join(ESCAPES) + "$(touch hit)`touch hit`#(touch hit)#[fg=red]"
ID = f"ses_1\n{NASTY}"


@pytest.fixture
def nasty(shell: Shell, store: V1) -> str:
    """The id of a session of today that OpenCode's `import` took, with a title, a project and a model like it."""
    first, second = list(store.sessions)[:2]
    child = store.session("dig", parent=second, created=at("12:02"))
    store.call(child, cost="0.90", at=now_ms() - 1000)  # today, so that an alert names it
    with closing(sqlite3.connect(store.path)) as database, database:  # a connection that minds no foreign keys
        for old, new in ((second, ID), (child, f"{ID}2")):
            database.execute("UPDATE session SET id = ?, title = '', directory = ? WHERE id = ?", (new, NASTY, old))
            database.execute("UPDATE session SET parent_id = ? WHERE parent_id = ?", (new, old))
            database.execute("UPDATE message SET session_id = ? WHERE session_id = ?", (new, old))
        database.execute("UPDATE session SET title = ? WHERE id = ?", (NASTY, first))
        database.execute("UPDATE message SET data = json_set(data, '$.modelID', ?)", (NASTY,))
    return ID


COMMANDS = (
    ("today",),
    ("sessions", "--period", "all"),
    *(("usage", "--period", "all", "--by", by) for by in ("session", "model", "provider", "agent", "project", "day")),
    *(("report", "--from", "2026-05-10", "--format", format) for format in ("md", "html", "json", "csv")),
    ("usage", "--period", "all", "--by", "session", "--reprice", "openai/gpt-5.4"),
    ("prices",),
    ("prices", NASTY),
    ("session", ID),
    ("session", "ses_"),
    ("session", NASTY),
    ("status", "--format", "{model} {alert} {guard}"),
    ("check",),
    ("check", "--notify"),
    ("alerts",),
    ("why", "--period", "all"),
    ("why", "--period", "all", "--json"),
    ("sync",),
    ("reconcile",),
    ("quota",),
    ("accounts", "--period", "all"),
    ("watch", "--once"),
)


def test_no_command_prints_what_acts(nasty: str, shell: Shell) -> None:
    shell.run("watch", "--once")  # so that there are alerts
    for command in COMMANDS:
        _, out, err = shell.run(*command)
        assert out or err, command
        assert acts(out + err, "\n") == [], command
        assert "rm -rf ~\n" not in out + err, command  # nothing of an id stands on a line of its own


def test_an_id_is_shown_as_it_has_to_be_quoted(nasty: str, shell: Shell) -> None:
    shown = shlex.quote(one_line(ID))
    for command in (("sessions", "--period", "all"), ("usage", "--period", "all", "--by", "session"), ("session", ID)):
        assert shown.split("\\")[0] in shell.run(*command)[1]


def test_json_has_the_id_itself_and_is_all_ascii(nasty: str, shell: Shell) -> None:
    _, out, _ = shell.run("sessions", "--period", "all", "--json")
    assert out.isascii() and acts(out, "\n") == []
    assert ID in {row["id"] for row in json.loads(out)}


def test_the_streams_are_given_back(shell: Shell, store: V1) -> None:
    before = sys.stdout, sys.stderr
    shell.run("today")
    assert (sys.stdout, sys.stderr) == before


def test_a_terminal_gets_its_bell_and_nothing_else(shell: Shell, nasty: str) -> None:
    said = said_in_terminal(shell, "watch", "--once").decode().replace("\r\n", "\n")
    assert "\a" in said
    assert acts(said.replace("\a", ""), "\n") == []


def test_what_the_commands_print_runs_nothing_in_a_shell(nasty: str, shell: Shell, tmp_path: Path) -> None:
    """The command that the program offers is pasted as it is."""
    _, out, _ = shell.run("session", ID)
    place = tmp_path / "empty"
    place.mkdir()
    line = out.splitlines()[1].partition(" · ")[0]
    subprocess.run(["sh", "-c", f"opencode() {{ :; }}\nopencode -s {line}"], check=True, cwd=place)
    assert list(place.iterdir()) == []
