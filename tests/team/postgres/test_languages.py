"""What a server says when it refuses a connection is understood in whatever language it speaks."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import psycopg
import pytest

from opencode_tui.config.database_values import database_address
from opencode_tui.team.postgres.connecting import Database
from opencode_tui.team.postgres.errors import DatabaseError, DatabaseGone
from opencode_tui.team.postgres.refusals import is_quoted
from tests.support.postgres import GUARDED, Server, serving

LANGUAGES = {"de_DE": "existiert nicht", "fr_FR": "n'existe pas"}
_PROGRAMS = Path("/usr/lib/postgresql")
_MOST_TRIES = 100


@pytest.fixture(scope="module")
def polyglot() -> Iterator[Server]:
    """A server that speaks these languages, for which the machine need not be set up."""
    installed = sorted(_PROGRAMS.glob("*/bin/initdb"))
    place = Path(mkdtemp(prefix="opencode-tui-locale-"))
    place.chmod(0o755)
    try:
        if not installed or shutil.which("localedef") is None or not all(_is_made(name, place) for name in LANGUAGES):
            pytest.skip("neither Debian's PostgreSQL here nor the sources of a locale")
        with serving(installed[-1].parent.parent, {"LANG": "C.UTF-8", "LOCPATH": str(place)}) as server:
            server.query("postgres", f"CREATE ROLE {GUARDED} LOGIN PASSWORD 'right'")
            yield server
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _is_made(name: str, place: Path) -> bool:
    """Only the messages of a locale: its order of words alone takes a second to make."""
    source = place / f"{name}.source"
    source.write_text(f'comment_char %\nescape_char /\nLC_MESSAGES\ncopy "{name}"\nEND LC_MESSAGES\n')
    words = ["localedef", "-c", "--quiet", "-i", str(source), "-f", "UTF-8", str(place / f"{name}.UTF-8")]
    return subprocess.run(words, check=False).returncode <= 1


@pytest.fixture(params=LANGUAGES)
def foreign(request: pytest.FixtureRequest, polyglot: Server) -> Server:
    """The server, which now speaks one of the languages."""
    polyglot.query("postgres", f"ALTER SYSTEM SET lc_messages = '{request.param}.UTF-8'")
    polyglot.query("postgres", "SELECT pg_reload_conf()")
    for _ in range(_MOST_TRIES):  # it reads its settings again a moment later
        with pytest.raises(psycopg.OperationalError) as refused:
            psycopg.connect(polyglot.url("nowhere"))
        if LANGUAGES[request.param] in str(refused.value):
            return polyglot
        time.sleep(0.02)
    pytest.skip("this PostgreSQL speaks English alone")


def refused(url: str, password_file: Path | None = None) -> str:
    database = Database(database_address(url), password_file)
    with pytest.raises(DatabaseError) as found, database.troubles():
        database.connect()
    assert not isinstance(found.value, DatabaseGone), "nobody would try the same again"
    said = str(found.value)
    assert "\n" not in said
    return said


def test_a_database_or_role_that_is_not_there_is_to_be_corrected(foreign: Server) -> None:
    for url in (foreign.url("nowhere"), foreign.url("postgres", "stranger")):
        said = refused(url)
        assert said.startswith(f"the server refuses {url} (")
        assert "correct the user and the database in the address" in said
        assert "nowhere" in said or "stranger" in said


@pytest.mark.parametrize("words", ['"web"', "»web«", "„web“", "« web »", ">>web<<", "<< web >>", "‘web’", "「web」"])
def test_a_name_is_found_in_the_quotes_of_any_language(words: str) -> None:
    assert is_quoted("web", f"FATAL: {words} ???")
    assert not is_quoted("we", f"FATAL: {words} ???") and not is_quoted("FATAL", f"FATAL: {words} ???")


def test_a_password_that_lacks_or_is_wrong_is_told_apart(
    foreign: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "none"))
    url, file = foreign.url("postgres", GUARDED), tmp_path / "secret"
    assert "asks for a password, and none was given" in refused(url)
    file.write_text("wrong")
    assert "refuses the password" in refused(url, file)
    file.write_text("right")
    with Database(database_address(url), file).connect() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    said = refused(foreign.url("nowhere", GUARDED), file)
    assert said.startswith("the server refuses ") and "right" not in said


def test_what_has_a_code_is_known_by_it(foreign: Server) -> None:
    database = Database(database_address(foreign.url("postgres")), None)
    cases = {
        "SELECT * FROM team_day": "has no tables for a team",
        "SELECT * FROM team_first": "has the tables of another version",
        "SELECT nothing_of_that_name FROM pg_class": "has the tables of another version",
        "SELECT team_shared(1)": "has the tables of another version",
        "SET ROLE guarded; SELECT * FROM pg_authid": "does not allow this user that",
    }
    for sql, words in cases.items():
        with pytest.raises(DatabaseError, match=words), database.troubles(), database.connect() as connection:
            connection.execute(sql.encode())


def test_a_server_that_is_not_there_is_to_be_asked_again(foreign: Server) -> None:
    foreign.stop("immediate")
    database = Database(database_address(foreign.url("postgres")), None)
    with pytest.raises(DatabaseGone, match="did not answer"), database.troubles():
        database.connect()
    foreign.start()
