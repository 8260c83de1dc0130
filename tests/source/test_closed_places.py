"""Places that our user may not read, or that hold what is no file: trouble of that place, and the rest is read."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from opencode_tui.ledger import queries
from opencode_tui.source.copying import PrivateFolder
from tests.stores import V1, V2, Files, MakeStore
from tests.support.ledgers import EVER, Reader, assert_truth, reader

NOBODY = 65534
needs_rights = pytest.mark.skipif(os.name != "posix", reason="needs Unix rights")


@contextmanager
def without_rights() -> Iterator[None]:
    """Lets this process be one that `chmod` can keep out, which root is not."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def poll_without_rights(ours: Reader) -> None:
    with without_rights():
        ours.poll()


def states(ours: Reader) -> dict[str, str]:
    return {Path(state.path).name: state.state for state in ours.sync.states}


def details(ours: Reader) -> str:
    return " ".join(state.detail for state in ours.sync.states)


@needs_rights
@pytest.mark.parametrize(("closed", "more"), [(2, " and 1 more place cannot"), (3, " and 2 more places cannot")])
def test_of_several_closed_folders_one_is_named_and_the_others_are_counted(
    closed: int, more: str, public_path: Path
) -> None:
    files = Files(public_path)
    sessions = [files.session("Old") for _ in range(3)]
    for session in sessions:
        files.call(session, cost="0.20")
    ours = reader(files.data_dir)
    for session in sessions[:closed]:
        (files.data_dir / "storage/message" / session).chmod(0)
    poll_without_rights(ours)
    assert more in details(ours)
    ours.close()


@needs_rights
@pytest.mark.parametrize("closed", ["storage", "storage/message", "storage/session", "storage/part"])
def test_a_closed_folder_of_the_files_is_said_and_the_database_is_read(closed: str, public_path: Path) -> None:
    files = Files(public_path)
    files.call(files.session("Old"), cost="0.20")
    v1 = V1(public_path)
    v1.call(v1.session("New"), cost="0.10")
    ours = reader(v1.data_dir)
    folder = v1.data_dir / closed
    folder.chmod(0)
    for _ in range(2):
        poll_without_rights(ours)
        assert states(ours) == {"storage": "broken", "opencode.db": "live"}
        assert str(folder) in details(ours) and "Permission denied" in details(ours)
    assert ours.totals.spend_nano >= 100_000_000
    folder.chmod(0o755)
    poll_without_rights(ours)
    assert states(ours) == {"storage": "live", "opencode.db": "live"}
    assert ours.totals.spend_nano == 300_000_000
    if closed != "storage/part":
        assert ours.rows("SELECT count(*) FROM session") == [(2,)]


@needs_rights
@pytest.mark.parametrize("restarted", [False, True])
def test_one_closed_session_is_said_the_others_are_read_and_it_is_read_once_it_opens(
    restarted: bool, public_path: Path
) -> None:
    files = Files(public_path)
    sessions = [files.session(f"s{number}") for number in range(3)]
    for session in sessions:
        files.call(session, cost="0.20")
    folder = files.storage / "message" / sessions[1]
    folder.chmod(0)
    ours = reader(files.data_dir)
    poll_without_rights(ours)
    assert states(ours) == {"storage": "broken"}
    assert str(folder) in details(ours)
    assert ours.totals.spend_nano == 400_000_000
    files.call(sessions[2], cost="0.05")
    poll_without_rights(ours)
    assert ours.totals.spend_nano == 450_000_000
    if restarted:
        ours.close()
        ours = reader(files.data_dir)
    folder.chmod(0o755)
    poll_without_rights(ours)
    assert states(ours) == {"storage": "live"}
    assert_truth(ours, files.truth)


@needs_rights
def test_a_closed_message_is_counted_as_unread_in_its_day(public_path: Path) -> None:
    files = Files(public_path)
    session = files.session("Old")
    call = files.call(session, cost="0.20")
    file = files.path_of("message", session, call)
    os.utime(file, (1_778_666_400, 1_778_666_400))
    file.chmod(0)
    ours = reader(files.data_dir)
    poll_without_rights(ours)
    assert ours.rows("SELECT id, reason, at_ms FROM unreadable") == [
        (call, "cannot be opened: Permission denied", 1_778_666_400_000)
    ]
    file.chmod(0o644)
    poll_without_rights(ours)
    assert_truth(ours, files.truth)
    assert queries.missing_rows(ours.ledger.connection, EVER) == 0


@needs_rights
@pytest.mark.parametrize("kind", [V1, V2])
@pytest.mark.parametrize("what", ["file", "directory", "listing"])
def test_a_closed_database_or_data_directory_is_said(kind: type[V1 | V2], what: str, public_path: Path) -> None:
    store = kind(public_path)
    store.call(store.session("Fix header"), cost="0.20")
    closed = store.path if what == "file" else store.data_dir
    ledger = public_path / "ours" / "ledger.db"
    ours = reader(store.data_dir, ledger)
    closed.chmod(0o311 if what == "listing" else 0)
    poll_without_rights(ours)
    assert "broken" in states(ours).values()
    assert "Permission denied" in details(ours)
    closed.chmod(0o755)
    poll_without_rights(ours)
    assert set(states(ours).values()) == {"live"}
    assert_truth(ours, store.truth)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def listener(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's path is short
    try:
        with socket.socket(socket.AF_UNIX) as ours:
            ours.bind(path.name)
    finally:
        os.chdir(here)


def huge(path: Path) -> None:
    path.touch()
    os.truncate(path, 10**11)


ODD_FILES: dict[str, Callable[[Path], object]] = {
    "a pipe": pipe,
    "a socket": listener,
    "a folder": Path.mkdir,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a broken link": lambda path: path.symlink_to("/nowhere"),
    "a loop": lambda path: path.symlink_to(path.name),
    "a huge file": huge,
}


@pytest.mark.parametrize("make", ODD_FILES.values(), ids=list(ODD_FILES))
@pytest.mark.parametrize("kind", ["message", "part", "session"])
def test_what_is_no_file_is_passed_over_and_never_waited_for(
    kind: str, make: Callable[[Path], object], tmp_path: Path
) -> None:
    files = Files(tmp_path)
    session = files.session("Old")
    call = files.call(session, cost="0.20")
    folder = {
        "message": files.storage / "message" / session,
        "part": files.storage / "part" / call,
        "session": files.path_of("session", "x", "y").parent,
    }[kind]
    folder.mkdir(exist_ok=True)
    make(folder / "xyz_odd.json")
    ours = reader(files.data_dir)
    ours.poll()
    assert states(ours) == {"storage": "live"}
    assert_truth(ours, files.truth)
    assert ours.rows("SELECT count(*) FROM unreadable WHERE kind = 'message'") == [(kind == "message",)]


@pytest.mark.parametrize("name", ["opencode.db", "opencode-dev.db"])
@pytest.mark.parametrize("what", ["a pipe", "a folder", "a broken link", "a loop"])
def test_a_store_that_is_no_file_is_said_and_the_rest_is_read(what: str, name: str, tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.call(files.session("Old"), cost="0.20")
    odd = files.data_dir / name
    ODD_FILES[what](odd)
    ours = reader(files.data_dir)
    for _ in range(2):
        ours.poll()
        assert states(ours) == {"storage": "live", name: "broken"}
        assert str(odd) in details(ours)
    assert ours.totals.spend_nano == 200_000_000
    odd.rmdir() if what == "a folder" else odd.unlink()
    ours.poll()
    assert states(ours) == {"storage": "live"}


def test_a_backup_that_is_no_file_is_no_trouble(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.call(files.session("Old"), cost="0.20")
    (files.data_dir / "opencode-backup.db").mkdir()
    ours = reader(files.data_dir)
    ours.poll()
    assert states(ours) == {"storage": "live"}


@pytest.mark.parametrize(
    "id", ["m" * 300, "m" * 70_000, "../../x", "a/b", "nul\0byte", "\ud800", "..", ".", "", "new\nline", "€" * 120]
)
def test_a_message_with_any_id_counts(id: str, tmp_path: Path) -> None:
    files = Files(tmp_path)
    session = files.session("Old")
    files.call(session, cost="0.20")
    data = {"id": id, "role": "assistant", "cost": 0.05, "time": {"created": files.now}, "tokens": {"input": 1}}
    files.path_of("message", session, "msg_odd").write_text(json.dumps(data))
    ours = reader(files.data_dir)
    for _ in range(2):
        ours.poll()
    assert ours.totals.spend_nano == 250_000_000
    assert ours.sync.answers.prompts(session, [id]) == {}
    data["time"] = {"created": files.now, "completed": files.now}
    data["cost"] = 0.06
    files.path_of("message", session, "msg_odd").write_text(json.dumps(data))
    ours.poll()
    assert ours.totals.spend_nano == 260_000_000


def test_two_long_ids_that_begin_alike_are_two_calls(tmp_path: Path) -> None:
    files = Files(tmp_path)
    session = files.session("Old")
    files.call(session, cost="0.20")
    for end in ("a", "b"):
        data = {"id": "m" * 400 + end, "role": "assistant", "cost": 0.05, "time": {"created": 1, "completed": 2}}
        files.path_of("message", session, f"msg_{end}").write_text(json.dumps(data))
    ours = reader(files.data_dir)
    ours.poll()
    assert ours.totals.spend_nano == 300_000_000


@pytest.mark.skipif(sys.platform == "darwin", reason="its file names are UTF-8")
@pytest.mark.parametrize("kind", [V1, V2, Files])
def test_a_data_directory_that_is_not_utf8_is_read(kind: MakeStore, tmp_path: Path) -> None:
    store = kind(tmp_path / os.fsdecode(b"caf\xe9") / "home")
    call = store.call(store.session("Fix header"), completed=False)
    odd = store.data_dir / "storage" / "message" / os.fsdecode(b"ses_\xe9")
    if isinstance(store, Files):
        odd.mkdir()
        (odd / os.fsdecode(b"msg_\xe9.json")).write_text("{")
    ours = reader(store.data_dir, tmp_path / "ledger.db")
    ours.poll()
    store.finish(call, cost="0.20")
    ours.poll()
    assert set(states(ours).values()) == {"live"}
    assert all(state.path.isprintable() and state.path.encode() for state in ours.sync.states)
    assert_truth(ours, store.truth)


def test_a_wal_left_by_a_crash_is_read_without_a_file_beside_it(tmp_path: Path) -> None:
    store = V1(tmp_path / "live")
    session = store.session("Fix header")
    store.call(session, cost="0.20")
    store.keep_open()
    store.call(session, cost="0.11")
    left = tmp_path / "left" / "opencode"
    left.mkdir(parents=True)
    for name in ("opencode.db", "opencode.db-wal"):
        (left / name).write_bytes((store.data_dir / name).read_bytes())
    store.close()
    before = {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in left.iterdir()}
    ours = reader(left)
    for _ in range(2):
        ours.poll()
    assert_truth(ours, store.truth)
    assert {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in left.iterdir()} == before
    ours.close()


def test_a_private_copy_is_gone_after_the_process(tmp_path: Path) -> None:
    code = "from opencode_tui.source.copying import PrivateFolder as P; p = P(); print(p.path); (p.path/'x').touch()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not Path(done.stdout.strip()).exists()
    folder = PrivateFolder()
    folder.close()
    assert not folder.path.exists()
