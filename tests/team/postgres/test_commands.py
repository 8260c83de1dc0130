"""The commands of a team's database, on a person's machine: what they say, their exit codes, and no secret."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from opencode_tui.cli import EXIT_TROUBLE, EXIT_USAGE
from opencode_tui.cli.team.database import EXIT_LATER
from opencode_tui.team.postgres import pushing
from tests.cli.conftest import shell, store
from tests.stores import V1
from tests.support.postgres import GUARDED
from tests.support.shell import Shell, assert_one_sentence
from tests.team.postgres.conftest import TeamDatabase

__all__ = ["shell", "store"]

SECRET = "hunter2-correct-horse"
NOBODY = "postgresql://anna@127.0.0.1:1/costs"


def settings(shell: Shell, text: str) -> list[str]:
    file = shell.home / "config.toml"
    file.write_text(text)
    return ["--config", str(file)]


def test_a_push_says_what_it_sent_and_the_next_that_nothing_is_left(
    shell: Shell, store: V1, database: TeamDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = database.url("anna")
    assert shell.said("team", "push", "--to", url) == f"sent 10 calls as the seat anna to {url}\n"
    assert database.totals == {"anna": (store.truth.total_nano, 10)}
    with monkeypatch.context() as patch:
        patch.setattr(pushing, "push_calls", None)  # nothing is asked
        assert shell.said("team", "push", "--to", url) == f"nothing to send: {url} has all calls\n"
    assert shell.said("team", "push", "--to", url, "--all").endswith("; it had 10 calls already\n")
    store.call(next(iter(store.sessions)), cost="0.07", at=1778680000000)
    config = settings(shell, f"[team.push]\nto = '{url}'")
    assert shell.said("team", "push", *config) == f"sent 1 call as the seat anna to {url}\n"
    assert database.totals == {"anna": (store.truth.total_nano, 11)}


def test_the_report_from_the_database_is_that_of_the_ledger(shell: Shell, store: V1, database: TeamDatabase) -> None:
    shell.said("team", "push", "--to", database.url("anna"))
    config = settings(shell, f"[team.push]\nto = '{database.url('boss')}'")
    found = shell.json("team", "report", "--from", "database", "--week", "2026-W20", *config)
    own = shell.json("report", "--week", "2026-W20")
    (seat,) = found["seats"]
    assert (found["total_usd"], seat["spend_usd"], seat["name"]) == (0.9, 0.9, "anna")
    assert seat["calls_sha256"] == own["proof"]["sha256"]
    days = shell.json("team", "report", "--from", database.url("boss"), "--from", "2026-05-11", "--to", "2026-05-12")
    assert days["total_usd"] == 0.4
    assert "| anna |" in shell.said("team", "report", "--from", database.url("boss"), "--week", "2026-W20")


def test_a_database_that_is_not_there_gets_the_calls_next_time(shell: Shell, store: V1, database: TeamDatabase) -> None:
    code, out, err = shell.run("team", "push", "--to", NOBODY)
    assert (code, out) == (EXIT_LATER, "")
    assert_one_sentence(err, f"the database {NOBODY} did not answer", "0 of its calls were sent, 10 wait")
    database.server.stop("immediate")
    code, _, err = shell.run("team", "push", "--to", database.url("anna"))
    database.server.start()
    assert code == EXIT_LATER
    assert_one_sentence(err, "10 wait for the next push")
    assert shell.said("team", "push", "--to", database.url("anna")).startswith("sent 10 calls")


@pytest.mark.parametrize(
    ("user", "name", "words"),
    [
        ("anna", "postgres", ["has no tables for a team", "`opencode-tui team schema | psql postgres`"]),
        ("anna", "nowhere", ["there is no database nowhere on 127.0.0.1", "correct the name"]),
        ("stranger", "", ["there is no role stranger on 127.0.0.1", "`opencode-tui team schema --seat stranger`"]),
        (GUARDED, "", ["asks for a password, and none was given", "PGPASSWORD", "team.push.password_file"]),
    ],
)
def test_what_somebody_has_to_change_is_said(
    user: str, name: str, words: list[str], shell: Shell, store: V1, database: TeamDatabase
) -> None:
    url = database.server.url(name or database.name, user)
    code, out, err = shell.run("team", "push", "--to", url)
    assert (code, out) == (EXIT_TROUBLE, "")
    assert_one_sentence(err, url, *words)


def test_a_seat_that_may_not_write_is_told_so(shell: Shell, store: V1, database: TeamDatabase) -> None:
    code, _, err = shell.run("team", "push", "--to", database.url("boss"))
    assert code == EXIT_TROUBLE
    assert_one_sentence(err, "permission denied for table team_first")


@pytest.fixture
def guarded(database: TeamDatabase) -> TeamDatabase:
    """With a seat that needs a password."""
    database.rows(
        f"""DO $$ BEGIN CREATE ROLE {GUARDED} LOGIN PASSWORD '{SECRET}';
        EXCEPTION WHEN duplicate_object THEN NULL; END $$; GRANT opencode_seat TO {GUARDED}"""
    )
    return database


def test_the_password_comes_from_the_environment_a_file_or_pgpass_and_is_shown_nowhere(
    shell: Shell, store: V1, guarded: TeamDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, shown = guarded.url(GUARDED), ""
    with monkeypatch.context() as patch:
        patch.setenv("PGPASSWORD", SECRET)
        shown += str(shell.run("team", "push", "--to", url))
        assert guarded.totals == {GUARDED: (store.truth.total_nano, 10)}
        patch.setenv("PGPASSWORD", f"{SECRET}-wrong")
        shown += str(shell.run("team", "push", "--to", url, "--all"))
    file = shell.home / "secret"
    file.write_text(f"{SECRET}\n")
    config = settings(shell, f"[team.push]\nto = '{url}'\npassword_file = 'secret'")
    shown += (said := shell.said("team", "push", "--all", *config))
    assert "it had 10 calls already" in said
    shown += str(shell.run("team", "report", "--from", "database", "--week", "2026-W20", *config))
    file.write_text(f"{SECRET}-wrong\n")
    shown += str(shell.run("team", "push", "--all", *config))
    guarded.server.stop("immediate")
    shown += str(shell.run("team", "push", "--all", *config))
    guarded.server.start()
    place = shell.home / ".pgpass"
    place.write_text(f"127.0.0.1:*:*:{GUARDED}:{SECRET}\n")
    place.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(place))
    shown += (said := shell.said("team", "push", "--to", url, "--all"))
    assert "it had 10 calls already" in said
    assert shown.count("refuses the password") == 2
    assert SECRET not in shown
    assert all(SECRET.encode() not in file.read_bytes() for file in shell.ledger.parent.iterdir())


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://anna:{SECRET}@db.example/costs",
        f"postgresql://anna@db.example/costs?password={SECRET}",
        f"postgresql://anna:{SECRET}/x@db.example/costs",
        f"postgresql://anna:1/{SECRET}@db.example",
        f"anna:{SECRET}@db.example",
        f"mysql://anna:{SECRET}@db.example/costs",
    ],
)
def test_a_password_in_the_address_is_refused_and_not_repeated(url: str, shell: Shell, store: V1) -> None:
    for words in (["team", "push", "--to", url], ["team", "report", "--from", url]):
        code, out, err = shell.run(*words)
        assert (code, out) == (EXIT_USAGE, "")
        assert_one_sentence(err, "address")
        assert SECRET not in err
    code, out, err = shell.run("team", "push", *settings(shell, f"[team.push]\nto = '{url}'"))
    assert code == EXIT_TROUBLE
    assert SECRET not in err + out


def test_without_a_database_or_its_libraries_there_is_one_sentence(
    shell: Shell, store: V1, database: TeamDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    for words in (["team", "push"], ["watch", "--once", "--push"], ["team", "report", "--from", "database"]):
        code, _, err = shell.run(*words)
        assert code == EXIT_USAGE
        assert_one_sentence(err, "no database is named", "team.push.to")
    for name in [each for each in sys.modules if each.startswith("opencode_tui.team.postgres.push")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    code, _, err = shell.run("team", "push", "--to", database.url("anna"))
    assert code == EXIT_TROUBLE
    assert_one_sentence(err, "pip install 'opencode-tui[postgres]'")


def test_watch_pushes_as_well(shell: Shell, store: V1, database: TeamDatabase) -> None:
    config = settings(shell, f"[team.push]\nto = '{database.url('anna')}'")
    code, _, err = shell.run("watch", "--once", "--push", *config)
    assert (code, err) == (0, "")
    assert database.totals == {"anna": (store.truth.total_nano, 10)}
    code, _, err = shell.run("watch", "--once", "--push", *settings(shell, f"[team.push]\nto = '{NOBODY}'"))
    assert code == EXIT_LATER
    assert_one_sentence(err, f"the database {NOBODY} did not answer")


def test_the_printed_schema_is_what_the_owner_runs(shell: Shell, store: V1, database: TeamDatabase) -> None:
    words = ("--seat", "anna", "--seat", "carla", "--reader", "boss", "--since", "2026-05-11", "--weeks", "2")
    sql = shell.said("team", "schema", *words)
    name = database.server.new_database()
    database.server.query(name, sql)
    shell.said("team", "push", "--to", database.server.url(name, "carla"))
    fresh = TeamDatabase(database.server, name)
    assert fresh.totals == {"carla": (store.truth.total_nano, 10)}
    fresh.rows(shell.said("team", "schema", "--prune"))
    assert fresh.totals == {"carla": (store.truth.total_nano, 10)}
    for wrong in (["--seat", "a$b"], ["--reader", ""], ["--since", "May"], ["--weeks", "0"]):
        code, _, err = shell.run("team", "schema", *wrong)
        assert code == EXIT_USAGE
        assert "write" in err


def test_a_command_that_pushes_nothing_imports_no_database(shell: Shell, store: V1, tmp_path: Path) -> None:
    """It would take longer than all the rest."""
    code = "import json, sys; from opencode_tui.cli import main; main(json.loads(sys.argv[1])); "
    code += "sys.exit(any(name in sys.modules for name in ('sqlalchemy', 'psycopg')))"
    for words in (["today"], ["watch", "--once"], ["team", "list"]):
        done = subprocess.run(
            [sys.executable, "-c", code, json.dumps([*words, *shell.places])], timeout=60, check=False
        )
        assert done.returncode == 0


def test_a_report_from_a_database_does_not_import_what_only_a_push_needs(
    shell: Shell, store: V1, database: TeamDatabase
) -> None:
    code = "import json, sys; from opencode_tui.cli import main; code = main(json.loads(sys.argv[1])); "
    code += "sys.exit(code or 'sqlalchemy' in sys.modules)"
    words = ["team", "report", "--from", database.url("boss"), "--week", "2026-W20", *shell.places[:2]]
    done = subprocess.run([sys.executable, "-c", code, json.dumps(words)], timeout=60, check=False, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
