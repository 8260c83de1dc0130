"""The JSON files of OpenCode 1.0 to 1.1.65: `storage/message/<session>/<message>.json` and their neighbours.

They stay on disk for ever. A new message touches its session's directory, so directories are taken by the
time they were changed, newest first; a message that was still running is looked at again by its name.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from opencode_tui import clock
from opencode_tui.records import Call, Session, ToolUse, Unreadable
from opencode_tui.source.batch import Batch, StoreTrouble
from opencode_tui.source.decode import BadRow, call_from_v1, moment, parse, section
from opencode_tui.source.sessions import project_of
from opencode_tui.source.text import clean, first_line, identifier
from opencode_tui.source.tools import tool_use

_STEP = 200
_SETTLED_NS = 2_000_000_000
_WATCHED, _UNSETTLED = 16, 200
_SWEEP_S = 60.0


class FilesStore:
    generation: Literal["sqlite", "json"] = "json"
    rank = 0

    def __init__(self, storage: Path) -> None:
        self.path = storage
        self.key = str(storage)
        self._messages, self._sessions = storage / "message", storage / "session"
        self._watched: list[Path] = []
        self._unsettled: dict[str, bool] = {}
        """`session/message` of files that will change in place: running (False) or not readable yet (True)."""
        self._seen: object = None
        self._swept_s = 0.0

    def changed(self) -> bool:
        """Looks at the newest directories only; once a minute at all."""
        return self._seen is None or self._token() != self._seen or clock.monotonic_s() - self._swept_s > _SWEEP_S

    def read(self, cursor: str | None, retry: Sequence[tuple[str, str]]) -> Iterator[Batch]:
        if not self.path.is_dir():
            raise StoreTrouble("gone", f"{self.path} is not there any more; what it said before is kept in the ledger")
        high, gaps, broken = _cursor(cursor)
        self._unsettled = {f"{session}/{call}": False for session, call in retry} | dict.fromkeys(broken, True)
        places = self._directories()
        token = self._token()
        files = self._session_files()
        newest = max((changed for changed, _ in places), default=0)
        # A directory changed just now may change again within its time stamp's tick: look at it once more.
        top = min(newest, clock.now_ms() * 1_000_000 - _SETTLED_NS)
        if newest > high:
            gaps = [[high, newest], *gaps]
        wanted = [(changed, place) for changed, place in places if any(bottom < changed <= end for bottom, end in gaps)]
        batch = Batch("", present=frozenset(files), total=len(wanted))
        self._again(batch, files)
        start_at = [max(high, newest), gaps] if wanted else [max(high, top), []]
        yield self._stamped(batch, start_at)
        for start in range(0, len(wanted), _STEP):
            step = wanted[start : start + _STEP]
            last = start + _STEP >= len(wanted)
            rest = [max(high, top), []] if last else [max(high, newest), _below(gaps, step[-1][0])]
            batch = Batch("", done=start + len(step), total=len(wanted))
            for _, place in step:
                self._take_session(batch, place, files.get(place.name))
            yield self._stamped(batch, rest)
        self._seen = token if token == self._token() else None
        self._swept_s = clock.monotonic_s()

    def message_ids(self, session_id: str) -> frozenset[str] | None:
        place = self._messages / Path(session_id).name
        return frozenset(file.stem for file in place.glob("*.json")) if place.is_dir() else None

    def prompts(self, session_id: str, message_ids: Sequence[str]) -> dict[str, str]:
        found = {}
        for message_id in message_ids:
            for part in self._parts(message_id):
                line = first_line(part.get("text")) if part.get("type") == "text" else ""
                if line and not part.get("synthetic"):
                    found[message_id] = line
                    break
        return found

    def close(self) -> None:
        self._seen = None

    def _directories(self) -> list[tuple[int, Path]]:
        """(time of change in ns, directory) of every session with messages, newest first."""
        try:
            with os.scandir(self._messages) as entries:
                found = [(entry.stat().st_mtime_ns, Path(entry.path)) for entry in entries if entry.is_dir()]
        except OSError:
            return []
        found.sort(key=lambda item: (-item[0], item[1].name))
        self._watched = [place for _, place in found[:_WATCHED]]
        return found

    def _token(self) -> object:
        stamps = []
        unsettled = (self._messages / f"{name}.json" for name in list(self._unsettled)[:_UNSETTLED])
        for place in (self._messages, *self._watched, *unsettled):
            try:
                stamps.append(place.stat().st_mtime_ns)
            except OSError:
                stamps.append(0)
        return tuple(stamps)

    def _session_files(self) -> dict[str, Path]:
        return {file.stem: file for file in self._sessions.glob("*/*.json")}

    def _stamped(self, batch: Batch, at: list[Any]) -> Batch:
        """The batch with its cursor, in which the files that could not be read are kept to be tried again."""
        broken = [name for name in self._unsettled if self._unsettled[name]][:_UNSETTLED]
        batch.cursor = json.dumps([*at, broken])
        return batch

    def _again(self, batch: Batch, files: dict[str, Path]) -> None:
        for name in list(self._unsettled):
            session_id, _, call_id = name.partition("/")
            if Path(session_id).name == session_id and Path(call_id).name == call_id:
                session = _read_session(files.get(session_id), batch)
                self._take_message(batch, self._messages / session_id / f"{call_id}.json", session)

    def _take_session(self, batch: Batch, place: Path, file: Path | None) -> None:
        session = _read_session(file, batch)
        if session is not None:
            batch.sessions.append(session)
        for message in sorted(place.glob("*.json")):
            self._take_message(batch, message, session)

    def _take_message(self, batch: Batch, file: Path, session: Session | None) -> None:
        name = f"{file.parent.name}/{file.stem}"
        try:
            call = _read_message(file, session)
        except FileNotFoundError:
            self._unsettled.pop(name, None)
            return
        except (OSError, BadRow) as bad:
            reason = f"cannot be opened: {bad.strerror}" if isinstance(bad, OSError) else str(bad)
            batch.unreadable.append(Unreadable("message", file.stem, reason))
            self._unsettled[name] = True
            return
        self._unsettled.pop(name, None)
        if call is None:
            return
        batch.calls.append(call)
        if call.final:
            batch.tools.extend(self._tools(call.id, call.session_id))
        else:
            self._unsettled[name] = False

    def _tools(self, call_id: str, session_id: str) -> Iterator[ToolUse]:
        for data in self._parts(call_id):
            if data.get("type") != "tool":
                continue
            state = section(data, "state")
            entry, meta, time = section(state, "input"), section(state, "metadata"), section(state, "time")
            values = [data.get("tool"), state.get("status"), entry.get("filePath"), entry.get("path")]
            values += [entry.get("command"), entry.get("url"), entry.get("subagent_type")]
            values += [meta.get("sessionId"), None]
            values += [time.get("start"), time.get("end"), None, None]
            id = identifier(data.get("id")) or data["file"]
            yield tool_use(id, call_id, session_id, values, json.dumps(entry), entry.get("patchText"))

    def _parts(self, message_id: str) -> Iterator[dict[str, Any]]:
        """The parts of a message that can be read, each with the name of its file."""
        for file in sorted((self.path / "part" / Path(message_id).name).glob("*.json")):
            with suppress(OSError, BadRow):
                yield parse(file.read_bytes()) | {"file": file.stem}


def _cursor(text: str | None) -> tuple[int, list[list[int]], list[str]]:
    try:
        high, gaps, broken = json.loads(text or "[0, [], []]")
        return int(high), [[int(bottom), int(top)] for bottom, top in gaps], [str(name) for name in broken]
    except (TypeError, ValueError):
        return 0, [], []


def _below(gaps: list[list[int]], cut: int) -> list[list[int]]:
    """What is left of the gaps up to `cut`; a directory changed at that very time is taken once more."""
    return [[bottom, min(end, cut)] for bottom, end in gaps if bottom < cut]


def _read_message(file: Path, session: Session | None) -> Call | None:
    data = parse(file.read_bytes())
    return call_from_v1(
        data,
        id=identifier(data.get("id")) or file.stem,
        session_id=identifier(data.get("sessionID")) or file.parent.name,
        created_ms=None,
        session_created_ms=session.created_ms if session else None,
        version=session.version if session else None,
    )


def _read_session(file: Path | None, batch: Batch) -> Session | None:
    if file is None:
        return None
    try:
        data: dict[str, Any] = parse(file.read_bytes())
        time = section(data, "time")
        created = moment(time.get("created"), time.get("updated"))
        if created is None:
            raise BadRow("has no usable time")
    except OSError:
        return None
    except BadRow as bad:
        batch.unreadable.append(Unreadable("session", file.stem, str(bad)))
        return None
    directory = clean(data.get("directory"), 1000)
    return Session(
        id=file.stem,
        parent_id=identifier(data.get("parentID")),
        fork_of=None,
        title=clean(data.get("title")),
        directory=directory,
        project=project_of(_worktree(file), directory),
        version=clean(data.get("version"), 60),
        created_ms=created,
        updated_ms=moment(time.get("updated")) or created,
        archived_ms=moment(time.get("archived")),
    )


def _worktree(session_file: Path) -> str:
    project = session_file.parent.parent.parent / "project" / f"{session_file.parent.name}.json"
    try:
        return clean(parse(project.read_bytes()).get("worktree"), 1000)
    except (OSError, BadRow):
        return ""
