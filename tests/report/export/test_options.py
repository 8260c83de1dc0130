"""Bad options, places and environments: one sentence, a documented exit code, and nothing half-written."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import stat
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from opencode_tui.cli import EXIT_INTERRUPTED, EXIT_OK, EXIT_TROUBLE, EXIT_USAGE
from opencode_tui.report.export import csv_calls
from opencode_tui.report.export.formats import EXPORT_FORMATS
from opencode_tui.report.export.output import put_whole, text_file
from tests.stores import V1
from tests.support.hostile import fill
from tests.support.shell import Shell, assert_one_sentence, at


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--format", "csv", "--since", "yesterday"], ["'yesterday' is not a day", "2026-05-13"]),
        (["--format", "csv", "--since", "0001-01-01"], ["too far away"]),
        (["--format", "sqlite"], ["sqlite is no text", "--output calls.sqlite"]),
        (["--format", "parquet", "-o", "-"], ["parquet is no text"]),
        (["--format", "sqlite", "-o", "/dev/null"], ["sqlite is no text"]),
        (["--format", "csv", "-o", ""], ["-o needs the name of a file"]),
        (["--format", "openmetrics", "--titles"], ["no sessions", "leave --titles out"]),
        (["--format", "otlp", "-o", "x"], ["leave --output out"]),
    ],
)
def test_options_that_do_not_go_together_are_told_apart(options: list[str], words: Sequence[str], shell: Shell) -> None:
    code, out, err = shell.run("export", *options)
    assert (code, out) == (EXIT_USAGE, "")
    assert_one_sentence(err, *words)


def test_a_format_has_to_be_named(shell: Shell) -> None:
    code, _, err = shell.run("export")
    assert code == EXIT_USAGE and "--format" in err
    code, _, err = shell.run("export", "--format", "xml")
    assert code == EXIT_USAGE and all(name in err for name in EXPORT_FORMATS)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (".", ["is a directory"]),
        ("none/calls.csv", ["there is no directory", "make it"]),
        ("ours/ledger.db", ["stays as it is", "name another file"]),
        ("ours/ledger.db-wal", ["stays as it is"]),
        ("opencode/opencode.db", ["stays as it is"]),
        ("link", ["stays as it is"]),
    ],
)
def test_a_place_that_cannot_be_is_refused(place: str, words: Sequence[str], shell: Shell, store: V1) -> None:
    (shell.home / "link").symlink_to(shell.ledger)
    code, out, err = shell.run("export", "--format", "csv", "-o", str(shell.home / place))
    assert (code, out) == (EXIT_TROUBLE, "")
    assert_one_sentence(err, *words)
    for file in (shell.ledger, shell.data_dir / "opencode.db"):
        assert file.read_bytes().startswith(b"SQLite format 3")


def test_a_place_where_nothing_can_be_written_is_named_and_not_the_file_beside_it(tmp_path: Path) -> None:
    place = tmp_path / "none" / "calls"
    with pytest.raises(OSError) as text, text_file(place):
        pass
    assert text.value.filename == str(place)
    with pytest.raises(OSError) as database, put_whole(place) as fresh:
        sqlite3.connect(fresh).execute("CREATE TABLE calls (id)")
    assert database.value.filename == str(place)
    parquet = pytest.importorskip("pyarrow.parquet")
    with pytest.raises(OSError) as columns, put_whole(place) as fresh:
        parquet.write_table(pytest.importorskip("pyarrow").table({"id": [1]}), fresh)
    assert (columns.value.filename, columns.value.strerror) == (str(place), "No such file or directory")


def test_a_full_disk_is_not_said_of_the_ledger(tmp_path: Path) -> None:
    with (
        pytest.raises(OSError) as full,
        put_whole(tmp_path / "calls") as fresh,
        closing(sqlite3.connect(fresh)) as connection,
    ):
        connection.execute("PRAGMA max_page_count = 1")
        connection.execute("CREATE TABLE calls (id)")
    assert (full.value.errno, full.value.filename) == (errno.ENOSPC, None)


def interrupted(_: int) -> str:
    raise KeyboardInterrupt


def terminated(_: int) -> str:
    os.kill(os.getpid(), signal.SIGTERM)
    return ""


@pytest.mark.parametrize(("end", "code"), [(interrupted, EXIT_INTERRUPTED), (terminated, 128 + signal.SIGTERM)])
def test_an_end_half_way_leaves_the_file_from_before(
    end: Callable[[int], str], code: int, shell: Shell, store: V1, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = shell.home / "out" / "calls.csv"
    file.parent.mkdir()
    file.write_text("from before")
    monkeypatch.setitem(csv_calls.TEXTS, "moment", end)
    assert shell.run("export", "--format", "csv", "-o", str(file)) == (code, "", "")
    assert file.read_text() == "from before"
    assert list(file.parent.iterdir()) == [file]


def test_a_new_file_has_the_usual_rights_and_an_old_one_keeps_its_own(shell: Shell, store: V1) -> None:
    old, new = shell.home / "old.csv", shell.home / "new.csv"
    old.touch()
    old.chmod(0o600)
    before = os.umask(0o027)
    try:
        for file in (old, new):
            shell.said("export", "--format", "csv", "-o", str(file))
    finally:
        os.umask(before)
    assert [stat.S_IMODE(file.stat().st_mode) for file in (old, new)] == [0o600, 0o640]


def test_a_link_stays_a_link_and_a_device_a_device(shell: Shell, store: V1) -> None:
    file, link = shell.home / "calls.csv", shell.home / "link.csv"
    link.symlink_to(file)
    shell.said("export", "--format", "csv", "-o", str(link))
    assert link.is_symlink() and file.read_text().startswith("id,")
    assert shell.said("export", "--format", "csv", "-o", "/dev/null") == ""
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@pytest.mark.parametrize(("format", "library"), [("parquet", "pyarrow"), ("otlp", "opentelemetry.sdk.resources")])
def test_without_its_extra_a_format_says_what_to_install(
    format: str, library: str, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.delitem(sys.modules, f"opencode_tui.report.export.{format}", raising=False)
    code, _, err = shell.run("export", "--format", format)
    assert code == EXIT_USAGE
    assert_one_sentence(err, f"pip install 'opencode-tui[{format}]'")


def test_what_may_be_missing_is_said(shell: Shell, store: V1) -> None:
    shell.said("sync")
    with sqlite3.connect(shell.ledger) as connection:
        connection.execute("INSERT INTO unreadable VALUES (1, 'message', 'm', 'odd', ?)", (at("09:00"),))
    connection.close()
    assert "≥ $" in shell.said("export", "--format", "csv", "-o", str(shell.home / "calls.csv"))


def test_every_format_survives_a_hostile_ledger(shell: Shell, store: V1) -> None:
    shell.said("sync")
    fill(shell.ledger, at("14:23"), depth=20)
    for format in EXPORT_FORMATS.keys() - {"otlp"}:
        file = shell.home / f"hostile.{format}"
        titles = [] if format == "openmetrics" else ["--titles"]
        code, _, err = shell.run("export", "--format", format, "-o", str(file), *titles)
        assert (code, "should not happen" in err) == (EXIT_OK, False), (format, err)
        assert file.stat().st_size > 1_000
        if format not in ("sqlite", "parquet"):
            assert not set(file.read_text()) & set("\x1b\x9b\0\u202e")
