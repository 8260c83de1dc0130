"""No home directory, names that are not UTF-8, terminals that are not: explicit paths are enough, and `?` a glyph."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from opencode_tui.clock import now_ms
from tests.stores import V1
from tests.support.ledgers import lay_out
from tests.support.paths import ROOT
from tests.support.shell import Shell, assert_one_sentence

COMMANDS = (
    ("status",),
    ("status", "--format", "{spent} {guard} {model}"),
    ("today",),
    ("today", "--json"),
    ("usage", "--period", "all", "--by", "session"),
    ("prices",),
    ("sessions", "--period", "all"),
    ("session", "ses_"),
    ("session", "ses_", "--json"),
    ("sync",),
    ("reconcile",),
    ("quota",),
    ("accounts",),
    ("check",),
    ("check", "--notify"),
    ("watch", "--once"),
    ("alerts",),
    ("alerts", "test"),
    ("guard", "status"),
    ("guard", "status", "--json"),
)
PATIENCE_S = 60
NOBODY = 54_321
"""A user whom no passwd file names."""


@pytest.fixture
def store(shell: Shell) -> V1:
    store = V1(shell.home)
    store.call(store.session("Fix “header” · ≥ naïve 日本語"), cost="0.10", at=now_ms())
    return store


EACH = f"""
import gc, importlib, json, os, pkgutil, signal, sys
gc.disable()
import platformdirs, tabulate, opencode_tui
for module in pkgutil.walk_packages(opencode_tui.__path__, "opencode_tui."):
    if set(module.name.split(".")).isdisjoint(("ui", "export", "postgres", "mcp_server", "__main__")):
        importlib.import_module(module.name)

def become(user, environ, cwd):
    if user == "nobody":
        os.setgroups([])
        os.setgid({NOBODY})
        os.setuid({NOBODY})
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(cwd)

def run(argv, encodings, out):
    results = []
    for encoding in encodings:
        texts = [os.memfd_create(name) for name in ("out", "err")]
        for number, text in enumerate(texts, 1):
            os.dup2(text, number)
        if encoding:  # as PYTHONIOENCODING makes them
            sys.stdout.reconfigure(encoding=encoding, errors="strict")
            sys.stderr.reconfigure(encoding=encoding)
        try:
            code = opencode_tui.cli.main([os.fsdecode(word.encode("latin-1")) for word in argv])
        except SystemExit as end:
            code = end.code or 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
            code = 1
        sys.stdout.flush()
        sys.stderr.flush()
        results.append([code, *(os.pread(text, 1 << 24, 0).decode("latin-1") for text in texts)])
    os.write(out, json.dumps(results).encode())

for line in sys.stdin:
    place, commands, encodings = json.loads(line)
    results = []
    for argv in commands:
        out = os.memfd_create("results")
        if (child := os.fork()) == 0:
            signal.alarm({PATIENCE_S})
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            become(*place)
            run(argv, encodings, out)
            os._exit(0)
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        results.append(json.loads(os.pread(out, 1 << 26, 0)) if ended == 0 else ended)
        os.close(out)
    os.write(1, json.dumps(results).encode() + b"\\n")
"""
"""Each command in a process of its own, in all encodings; forked from one that has imported all that they need.

Where the libraries are, a stranger may have no right to look.
"""


@pytest.fixture(scope="module")
def readable() -> Iterator[Path]:
    """A directory with a copy of the package that everybody may read: a checkout's own may be its owner's alone."""
    place = Path(tempfile.mkdtemp(prefix="opencode-tui-test-", dir="/var/tmp"))
    try:
        shutil.copytree(ROOT / "opencode_tui", place / "opencode_tui")  # with what is compiled of it
        for each in (place, *place.rglob("*")):
            each.chmod(0o755 if each.is_dir() else 0o644)
        yield place
    finally:
        shutil.rmtree(place)


@pytest.fixture(scope="module")
def forking(readable: Path) -> Iterator[Popen[bytes]]:
    """EACH, which is asked line by line."""
    with Popen([sys.executable, "-c", EACH], env=variables(readable), stdin=PIPE, stdout=PIPE, cwd=readable) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def variables(package: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(package), "PYTHONDONTWRITEBYTECODE": "1"}


Result = tuple[int, bytes, str]
"""The exit code, and what was written to stdout and stderr."""


def run_each(
    forking: Popen[bytes],
    commands: Sequence[Sequence[str | bytes]],
    *,
    environ: dict[str, str] | None = None,
    encodings: Sequence[str] = ("",),
    user: str = "self",
    cwd: Path = ROOT,
    package: Path = ROOT,
) -> list[list[Result]]:
    """Commands in processes of their own, with nothing but these variables; the results in each of the encodings."""
    words = [[os.fsencode(word).decode("latin-1") for word in argv] for argv in commands]
    place = (user, variables(package) | (environ or {}), str(cwd))
    assert forking.stdin is not None and forking.stdout is not None
    forking.stdin.write(json.dumps((place, words, encodings)).encode() + b"\n")
    forking.stdin.flush()
    results = json.loads(forking.stdout.readline())
    assert all(isinstance(each, list) for each in results), f"a process was ended: {results}"
    return [
        [(code, out.encode("latin-1"), err.encode("latin-1").decode("utf-8", "replace")) for code, out, err in each]
        for each in results
    ]


def run(*argv: str | bytes, environ: dict[str, str] | None = None) -> Result:
    """A command as a person starts it."""
    program = (sys.executable, "-m", "opencode_tui")
    done = subprocess.run(
        [*program, *argv], env=variables(ROOT) | (environ or {}), capture_output=True, cwd=ROOT, timeout=60
    )
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")


def with_places(data_dir: str | bytes, ours: str | bytes) -> list[list[str | bytes]]:
    """Each command with the places given, and with a ledger of its own; the first makes it, the others find it."""
    ledgers = [os.fsencode(ours) + b"/l\xe9dger-%d.db" % number for number in range(len(COMMANDS))]
    for ledger in ledgers[1:]:
        lay_out(Path(os.fsdecode(ledger)))
    return [[*argv, "--data-dir", data_dir, "--ledger", ledger] for argv, ledger in zip(COMMANDS, ledgers, strict=True)]


def assert_survived(argv: tuple[str, ...], code: int, out: bytes, err: str, codes: tuple[int, ...] = (0,)) -> None:
    assert "Traceback" not in err, err
    assert code in codes, (argv, code, out, err)


def test_a_terminal_that_is_not_utf_8_gets_something_similar(shell: Shell, store: V1, forking: Popen[bytes]) -> None:
    encodings = ("latin-1", "ascii", "cp437")
    commands = with_places(str(shell.data_dir), str(shell.home))
    results = run_each(forking, commands, environ={"HOME": str(shell.home)}, encodings=encodings)
    for argv, of_command in zip(COMMANDS, results, strict=True):
        for encoding, result in zip(encodings, of_command, strict=True):
            assert_survived(argv, *result)
            result[1].decode(encoding)


def test_a_lower_bound_stays_one_in_a_terminal_that_has_no_such_letter(shell: Shell) -> None:
    shell.data_dir.mkdir()
    places = ("--data-dir", str(shell.data_dir), "--ledger", str(shell.ledger))
    environ = {"PYTHONIOENCODING": "latin-1", "HOME": str(shell.home)}
    assert run("status", "--format", "{spent}", *places, environ=environ)[1] == b">=$0.00\n"


def test_a_data_directory_whose_name_is_not_utf_8(shell: Shell, store: V1, forking: Popen[bytes]) -> None:
    odd = os.fsencode(shell.home) + b"/d\xff\xfe ta"
    store.database.close()
    shell.data_dir.rename(os.fsdecode(odd))
    results = run_each(forking, with_places(odd, odd), environ={"HOME": str(shell.home)})
    for argv, (result,) in zip(COMMANDS, results, strict=True):
        assert_survived(argv, *result)
    assert b"$0.10 today" in results[COMMANDS.index(("check",))][0][1]


@pytest.mark.parametrize("broken", [False, True])
def test_a_store_of_such_a_name_is_named_where_it_is_broken(broken: bool, shell: Shell, store: V1) -> None:
    odd = os.fsencode(shell.home) + b"/d\xff\xfe ta"
    store.database.close()
    shell.data_dir.rename(os.fsdecode(odd))
    if broken:
        Path(os.fsdecode(odd), "opencode.db").write_bytes(b"no database" * 1000)
    code, out, err = run("status", b"--data-dir", odd, "--ledger", str(shell.ledger), environ={"HOME": str(shell.home)})
    assert_survived(("status",), code, out, err)
    assert (b"unknown" in out, err.count("\n")) == (broken, broken)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_a_user_without_a_home_needs_no_more_than_the_places(
    shell: Shell, store: V1, readable: Path, forking: Popen[bytes]
) -> None:
    store.database.close()
    place = readable / "place"
    shutil.copytree(shell.data_dir, place / "opencode")
    (place / "ours").mkdir()
    commands = with_places(str(place / "opencode"), str(place / "ours"))
    for each in (place, *place.rglob("*")):
        os.chown(each, NOBODY, NOBODY)
        each.chmod(stat.S_IRWXU if each.is_dir() else stat.S_IRUSR | stat.S_IWUSR)
    results = run_each(forking, commands, user="nobody", cwd=readable, package=readable)
    for argv, ((code, out, err),) in zip(COMMANDS, results, strict=True):
        assert_survived(argv, code, out, err, (0, 3) if argv[0] == "guard" else (0,))
        if code:
            assert_one_sentence(err, "no home directory")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_without_a_home_and_without_places_the_option_is_named(readable: Path, forking: Popen[bytes]) -> None:
    results = run_each(forking, COMMANDS, user="nobody", cwd=Path("/"), package=readable)
    for argv, ((code, out, err),) in zip(COMMANDS, results, strict=True):
        assert_survived(argv, code, out, err, (3,) if argv != ("alerts", "test") else (0, 3))
        assert "no home directory is known" in err
        assert "--ledger" in err
    assert not Path("/~").exists()


@pytest.mark.parametrize("argv", [("status",), ("check", "--notify"), ("guard", "status", "--json")], ids=" ".join)
def test_a_working_directory_that_is_gone(argv: tuple[str, ...], shell: Shell, store: V1) -> None:
    places = f"--data-dir '{shell.data_dir}' --ledger '{shell.ledger}'"
    gone = shell.home / "gone"
    gone.mkdir()
    command = f"cd '{gone}' && rmdir '{gone}' && exec '{sys.executable}' -m opencode_tui {' '.join(argv)} {places}"
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(shell.home)}
    done = subprocess.run(["/bin/sh", "-c", command], env=environ, capture_output=True, timeout=60)
    assert_survived(argv, done.returncode, done.stdout, done.stderr.decode())
