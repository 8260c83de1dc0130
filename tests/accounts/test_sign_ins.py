"""To which providers OpenCode is signed in, without anything of a secret."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from opencode_tui.accounts.auth_files import AuthFiles, auth_files
from opencode_tui.accounts.sign_ins import SignInSource
from opencode_tui.accounts.stored import stored_entries
from opencode_tui.records.accounts import SignIn

CREDENTIAL = (
    "CREATE TABLE credential (id text PRIMARY KEY, integration_id text, label text NOT NULL, value text NOT NULL,"
    " connector_id text, method_id text, active integer, time_created integer NOT NULL, time_updated integer NOT NULL)"
)
"""As OpenCode 2.0.15 makes it."""
KEY = "sk-secret-1234"


def sign_in(place: Path, entries: Any, mode: int = 0o600) -> SignInSource:
    file = place / "auth.json"
    file.write_bytes(entries if isinstance(entries, bytes) else json.dumps(entries).encode())
    file.chmod(mode)
    return SignInSource({}, [place])


def test_the_kinds_and_plans_of_the_file_are_told(tmp_path: Path) -> None:
    entries = {
        "opencode": {"type": "api", "key": KEY},
        "anthropic": {"type": "oauth", "refresh": KEY, "access": KEY, "expires": 1_778_673_600_000},
        "github-copilot": {"type": "oauth", "refresh": KEY, "expires": 0},
        "acme": {"type": "wellknown", "key": KEY, "token": KEY},
    }
    found, problems = sign_in(tmp_path, entries).sign_ins()
    assert problems == ()
    assert found == (
        SignIn("acme", "well-known", "auth.json"),
        SignIn("anthropic", "oauth", "auth.json", "a Claude plan", 1_778_673_600_000),
        SignIn("github-copilot", "oauth", "auth.json", "GitHub Copilot"),
        SignIn("opencode", "key", "auth.json", "OpenCode Zen"),
    )
    assert KEY not in repr(found)


def test_variables_with_a_key_are_sign_ins_too(tmp_path: Path) -> None:
    environ = {"ZEN_API_KEY": KEY, "OPENCODE_API_KEY": KEY, "OPENAI_API_KEY": KEY, "GROQ_API_KEY": "  "}
    found, _ = SignInSource(environ, [tmp_path]).sign_ins()
    assert [(each.provider, each.source) for each in found] == [
        ("openai", "OPENAI_API_KEY"),
        ("opencode", "OPENCODE_API_KEY"),
        ("opencode", "ZEN_API_KEY"),
    ]


@pytest.mark.parametrize(
    "content",
    [
        f'{{"opencode": {{"key": "{KEY}"',
        f'["{KEY}"]',
        f'"{KEY}"',
        "",
        "[" * 100_000,
        f"{KEY}\x00",
        " " * (2 << 20),
    ],
)
def test_a_broken_file_is_one_sentence_without_its_content(content: str, tmp_path: Path) -> None:
    found, problems = sign_in(tmp_path, content.encode()).sign_ins()
    assert found == ()
    (problem,) = problems
    assert problem.endswith("auth.json is not the JSON that OpenCode writes; sign in again with `opencode auth`")
    assert KEY not in problem


def test_odd_entries_are_told_as_far_as_they_go(tmp_path: Path) -> None:
    entries = {
        "a": None,
        "b": {"type": 5, "key": KEY},
        "c": {"type": "\x1b[31m" + "x" * 100},
        "\x1b]0;title\x07": {"type": "api"},
        "d": {"type": "api", "key": [KEY]},
        "e": {"type": "oauth", "expires": 1e300},
        "opencode": {"type": "api", "key": "   "},
        **{f"p{number}": {} for number in range(1000)},
    }
    source = sign_in(tmp_path, entries)
    found, _ = source.sign_ins()
    assert len(found) == 500 and KEY not in repr(found)
    assert all(each.provider.isprintable() and each.kind.isprintable() and len(each.kind) <= 20 for each in found)
    assert source.key_for("opencode") is None


@pytest.mark.skipif(os.getuid() == 0, reason="root can read everything")
def test_a_file_that_may_not_be_read_is_one_sentence(tmp_path: Path) -> None:
    _, (problem,) = sign_in(tmp_path, {}, 0o000).sign_ins()
    assert problem.endswith("auth.json cannot be read (permission denied); see to its rights")


def test_a_file_that_others_can_read_is_told(tmp_path: Path) -> None:
    found, (problem,) = sign_in(tmp_path, {"opencode": {"type": "api", "key": KEY}}, 0o644).sign_ins()
    assert len(found) == 1
    assert problem.endswith("auth.json has keys and can be read by others; run chmod 600 on it")


def test_what_is_no_plain_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "auth.json")
    assert len(SignInSource({}, [tmp_path]).sign_ins()[1]) == 1


def test_no_file_is_no_trouble(tmp_path: Path) -> None:
    assert SignInSource({}, [tmp_path, tmp_path / "none"]).sign_ins() == ((), ())


def stored(place: Path, *rows: tuple[object, ...]) -> Path:
    """OpenCode 2's table of sign-ins: (provider, value, active, Unix ms)."""
    file = place / "opencode.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(CREDENTIAL)
        connection.executemany("INSERT INTO credential VALUES (hex(randomblob(9)),?,'x',?,NULL,NULL,?,0,?)", rows)
    return file


def test_what_opencode_2_has_stored_is_told_too_and_what_it_copied_once(tmp_path: Path) -> None:
    oauth = json.dumps({"type": "oauth", "methodID": "oauth", "refresh": KEY, "expires": 1_778_673_600_000})
    key = json.dumps({"type": "key", "key": KEY})
    stored(tmp_path, ("opencode", key, None, 5), ("anthropic", oauth, None, 5), ("broken", "{", None, 5))
    source = sign_in(tmp_path, {"opencode": {"type": "api", "key": KEY}})
    found, problems = source.sign_ins()
    assert problems == ()
    assert found == (
        SignIn("anthropic", "oauth", "opencode.db", "a Claude plan", 1_778_673_600_000),
        SignIn("opencode", "key", "auth.json", "OpenCode Zen"),
    )


def test_the_key_that_was_stored_last_is_the_one(tmp_path: Path) -> None:
    def value(key: str) -> str:
        return json.dumps({"type": "key", "key": key})

    def key_of(source: SignInSource) -> str:
        found = source.key_for("opencode-go")
        assert found is not None
        return found.secret.reveal()

    file = stored(tmp_path, ("opencode-go", value("old"), None, 5), ("opencode-go", value("new"), None, 6))
    only_2 = SignInSource({}, [tmp_path])
    assert key_of(only_2) == "new"
    assert key_of(SignInSource({"OPENCODE_DB": str(file)}, [tmp_path / "elsewhere"])) == "new"
    both = sign_in(tmp_path, {"opencode-go": {"type": "api", "key": "of the file"}})
    assert key_of(both) == "of the file"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE credential SET time_updated = 99999999999999 WHERE time_updated = 5")
    assert key_of(both) == "old"
    assert KEY not in repr(list(stored_entries([tmp_path], {})))


@pytest.mark.parametrize("rows", [[], [(5, b"x", "y", "z")], [("opencode", "[" * 60_000, None, 5)]])
def test_a_database_with_odd_rows_or_of_opencode_1_has_none(rows: list[Any], tmp_path: Path) -> None:
    stored(tmp_path, *rows)
    assert SignInSource({}, [tmp_path]).sign_ins() == ((), ())
    (tmp_path / "opencode.db").write_bytes(b"no database")
    assert SignInSource({}, [tmp_path]).key_for("opencode") is None


def test_what_was_read_shows_no_key_when_it_is_printed(tmp_path: Path) -> None:
    source = sign_in(tmp_path, {"opencode": {"type": "api", "key": KEY}})
    found = source.key_for("opencode")
    assert found is not None and found.secret.reveal() == KEY
    assert isinstance(auth_files([tmp_path]), AuthFiles)
    assert KEY not in f"{auth_files([tmp_path])!r} {found!r} {source!r}"
    assert found.source.startswith("auth.json opencode (")
