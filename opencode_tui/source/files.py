"""Reads the JSON files of OpenCode before 1.2: one file for each session, message and part, see `layouts`.

OpenCode never deletes them. A new message changes the mtime of its session's folder, so folders are read by mtime,
newest first; a message that was still running or could not be read is read again by name. A folder that cannot be read
does not stop the others, and is retried at every poll.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from msgspec.structs import replace

from opencode_tui import clock
from opencode_tui.money import plural
from opencode_tui.records.calls import Call, message_id
from opencode_tui.records.reconciliation import Agreement, Standing
from opencode_tui.records.stores import Session, Unreadable
from opencode_tui.source.batch import NOTHING_KNOWN, Batch, KnownSessions, StoreTrouble
from opencode_tui.source.decode import BadRow
from opencode_tui.source.files_read import parts_of, read_call, read_session_file, steps_and_tools
from opencode_tui.source.histories import History
from opencode_tui.source.layouts import Layout
from opencode_tui.source.reading import Entry, entries, file_name, json_files, mtime_ns
from opencode_tui.source.steps import by_step
from opencode_tui.source.text import first_line, identifier, path_text

_STEP, _BATCH = 200, 4_000
_SETTLED_NS = 2_000_000_000
_WATCHED, _STAT_LIMIT, _REMEMBERED = 16, 200, 2_000
_SWEEP_S = 60.0
_FORM = 2
"""The format of the cursor. The first one, without this number, was written when each message was one call."""

_Stamp = tuple[int, ...] | None


class FilesStore:
    generation: Literal["sqlite", "json"] = "json"
    is_backup = False
    has_sums = False
    layout = 0

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.rank = layout.rank
        self.path = layout.root
        self.key = path_text(layout.root)
        self._folders: dict[str, Path] = {}
        self._watched: list[Path] = []
        self._unsettled: dict[Path, _Stamp] = {}
        """Stamps of the files that may still change in place, because they are running or not readable yet."""
        self._broken: dict[Path, None] = {}
        """Unsettled files, and folders, that could not be read."""
        self._closed: dict[Path, str] = {}
        """Paths without read permission, with the reason, found in the current read."""
        self._seen: object = None
        self._swept_s = 0.0
        self._checked = 0

    def changed(self) -> bool:
        """Checks only the newest folders and some unsettled files; returns True at least once a minute."""
        if self._seen is None or clock.monotonic_s() - self._swept_s > _SWEEP_S or self._token() != self._seen:
            return True
        # The newest are checked each time, the others in turn.
        newest = islice(self._unsettled.items(), _STAT_LIMIT)
        end = self._checked + _STAT_LIMIT
        self._checked = end if end < len(self._unsettled) else 0
        others = islice(self._unsettled.items(), self._checked, self._checked + _STAT_LIMIT)
        return any(_stamp(file) != stamp for file, stamp in (*newest, *others))

    def read(
        self,
        cursor: str | None,
        retry: Sequence[tuple[str, str]],
        *,
        sums: bool = True,
        known: KnownSessions = NOTHING_KNOWN,
    ) -> Iterator[Batch]:
        whole = self._seen is not None
        self._seen, self._closed = None, {}
        high, gaps, broken = _cursor(cursor)
        places = self._places(is_new=cursor is None)
        token = self._token()
        files = self._session_files()
        newest = max((entry.changed_ns for entry in places), default=0)
        # A folder may change again within the resolution of its mtime, so recently changed ones are read once more.
        top = min(newest, clock.now_ms() * 1_000_000 - _SETTLED_NS)
        if newest > high:
            gaps = [[high, newest], *gaps]
        wanted = [entry for entry in places if any(bottom < entry.changed_ns <= end for bottom, end in gaps)]
        start_at = [max(high, newest), gaps] if wanted else [max(high, top), []]
        for batch in self._reread(self._files_to_reread(broken, retry, whole=whole), files):
            yield self._stamped(batch, start_at, 0, len(wanted))
        batch = Batch("", present=None if self._closed else frozenset(map(str, map(identifier, files))))
        yield self._stamped(batch, start_at, 0, len(wanted))
        at = start_at
        for start in range(0, len(wanted), _STEP):
            step = wanted[start : start + _STEP]
            for batch in self._take_folders([entry.path for entry in step], files):
                yield self._stamped(batch, at, start, len(wanted))
            last = start + _STEP >= len(wanted)
            at = [max(high, top), []] if last else [max(high, newest), _below(gaps, step[-1].changed_ns)]
            yield self._stamped(Batch(""), at, start + len(step), len(wanted))
        if self._closed:
            raise self._trouble()
        self._seen = token if token == self._token() else None
        self._swept_s = clock.monotonic_s()

    def predates_steps(self, cursor: str) -> bool:
        try:
            return len(json.loads(cursor)) < 4
        except (TypeError, ValueError):
            return False

    def message_ids(self, session_id: str) -> frozenset[str] | None:
        folder = self._folders.get(session_id)
        if folder is None:
            return None
        try:
            return frozenset(str(identifier(entry.path.stem)) for entry in json_files(folder))
        except OSError as error:
            self._closed[folder] = error.strerror or str(error)
            raise self._trouble() from error

    def shown_ids(self, session_id: str) -> frozenset[str] | None:
        return self.message_ids(session_id)

    def history(self, session_id: str) -> History | None:
        return None

    def newest_sessions(self, most: int) -> list[str]:
        return []

    def rows_of(self, session_id: str) -> list[Call]:
        return []

    def standing(self, now_ms: int, agreement: Agreement | None = None) -> Standing:
        from opencode_tui.source.standing_files import standing_files

        return standing_files(self._layout, self.key, path_text(self.path), agreement)

    def prompts(self, session_id: str, message_ids: Sequence[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        folder = self._folders.get(session_id)
        for id in message_ids if folder is not None else ():
            with suppress(OSError):
                name = file_name(f"{id}.json")
                for part in parts_of(self._layout, folder / name) if name and folder else ():
                    line = first_line(part.get("text")) if part.get("type") == "text" else ""
                    if line and not part.get("synthetic"):
                        found[id] = line
                        break
        return found

    def close(self) -> None:
        self._seen = None

    def _places(self, *, is_new: bool) -> list[Entry]:
        """The message folder of each session, most recently changed first. Raises StoreTrouble."""
        found: list[Entry] = []
        try:
            for place in self._layout.message_places():
                found += self._listing(place)
        except (FileNotFoundError, NotADirectoryError) as error:
            if is_new:
                return []
            sentence = f"{self.key} is not there any more; what it said before is kept in the ledger"
            raise StoreTrouble("gone", sentence) from error
        except OSError as error:
            self._closed[self.path] = error.strerror or str(error)
        if self._closed and not found:
            raise self._trouble()
        found = [entry for entry in found if entry.is_folder]
        found.sort(key=lambda entry: (-entry.changed_ns, entry.path.name))
        self._watched = [entry.path for entry in found[:_WATCHED]]
        self._folders = {entry.path.name: entry.path for entry in reversed(found)}
        return found

    def _listing(self, place: Path) -> list[Entry]:
        """The entries of a folder; if it cannot be read, returns none and records it in `_closed`."""
        try:
            return entries(place)
        except FileNotFoundError:
            if place == self._layout.root / "message":
                raise
            return []
        except OSError as error:
            self._closed[place] = error.strerror or str(error)
            return []

    def _session_files(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        try:
            for place in self._layout.session_places():
                found |= {entry.path.stem: entry.path for entry in self._listing(place) if _is_json(entry)}
            for place in self._layout.part_places():
                # Only tests whether it can be listed; its contents are read message by message.
                with suppress(FileNotFoundError):
                    next(place.iterdir(), None)
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            self._closed[Path(error.filename or self.path)] = error.strerror or str(error)
        return found

    def _token(self) -> object:
        return tuple(map(mtime_ns, (self.path, self.path / "message", *self._parents(), *self._watched)))

    def _parents(self) -> list[Path]:
        return list(dict.fromkeys(place.parent for place in self._watched))

    def _stamped(self, batch: Batch, at: list[Any], done: int, total: int) -> Batch:
        """Sets the batch's cursor, which also lists the paths that could not be read, for a retry."""
        names = (str(path.relative_to(self.path)) for path in islice(self._broken, _REMEMBERED))
        broken = [name if name.endswith(".json") else f"{name}/" for name in names]
        batch.cursor = json.dumps([*at, broken, _FORM])
        batch.done, batch.total = done, total
        return batch

    def _files_to_reread(self, broken: list[str], retry: Sequence[tuple[str, str]], *, whole: bool) -> list[Path]:
        """Files and folders to read again: those that could not be read, and calls still running in the ledger.

        After a `whole` read the ledger is up to date with them, so only those changed since are returned.
        """
        found: dict[Path, None] = {}
        for name in broken:
            # A folder ends in a slash. Cursors of an older version hold `session/message`.
            path = self.path / (name if name.endswith((".json", "/")) else f"message/{name}.json")
            if ".." not in path.parts and path.is_relative_to(self.path):
                self._broken[path] = found[path] = None
        for session_id, call_id in retry:
            folder, file = self._folders.get(session_id), file_name(f"{message_id(call_id)}.json")
            if folder is not None and file is not None:
                found[folder / file] = None
        found |= dict.fromkeys(self._unsettled)
        known = self._unsettled if whole else {}
        return [path for path in found if path not in known or _stamp(path) != known[path]]

    def _reread(self, paths: list[Path], files: dict[str, Path]) -> Iterator[Batch]:
        for start in range(0, len(paths), _BATCH):
            batch = Batch("")
            for path in paths[start : start + _BATCH]:
                if path.name.endswith(".json"):
                    session = read_session_file(self._layout, files.get(path.parent.name), batch)
                    self._take_message(batch, Entry(path, False, mtime_ns(path)), session)
                else:
                    yield from self._take_folders([path], files)
            yield batch

    def _take_folders(self, folders: list[Path], files: dict[str, Path]) -> Iterator[Batch]:
        batch = Batch("")
        for folder in folders:
            session = read_session_file(self._layout, files.get(folder.name), batch)
            if session is not None:
                batch.sessions.append(session)
            try:
                messages = json_files(folder)
            except OSError as error:
                self._closed[folder] = error.strerror or str(error)
                self._broken[folder] = None
                continue
            self._broken.pop(folder, None)
            for message in messages:
                self._take_message(batch, message, session)
                if len(batch.calls) >= _BATCH:
                    yield batch
                    batch = Batch("")
        yield batch

    def _take_message(self, batch: Batch, entry: Entry, session: Session | None) -> None:
        file, stamp = entry.path, _stamp(entry.path)
        version = (session and session.version) or self._layout.version
        try:
            call = read_call(entry, session, version)
        except (OSError, BadRow) as bad:
            if isinstance(bad, FileNotFoundError) and not file.is_symlink():
                self._settle(file)
                return
            reason = f"cannot be opened: {bad.strerror}" if isinstance(bad, OSError) else str(bad)
            name = str(identifier(file.stem))
            batch.unreadable.append(Unreadable("message", name, reason, entry.changed_ms or None))
            self._broken[file], self._unsettled[file] = None, stamp
            return
        self._settle(file)
        if call is None:
            return
        try:
            steps, tools = steps_and_tools(parts_of(self._layout, file), call)
        except OSError as error:
            reason = f"cannot be opened: {error.strerror}"
            batch.unreadable.append(Unreadable("part", call.id, reason, call.created_ms))
            steps, tools = [], []
            if version.startswith("0."):
                call = replace(call, missing=f"{call.missing}, steps" if call.missing else "steps")
        batch.calls += by_step(call, steps, version)
        if call.final:
            batch.tools += tools
        else:
            self._unsettled[file] = stamp
            if file.stem != call.id or file.parent.name != call.session_id:
                self._broken[file] = None  # its ids differ from its path, so the ledger cannot name it in `retry`

    def _settle(self, file: Path) -> None:
        self._unsettled.pop(file, None)
        self._broken.pop(file, None)

    def _trouble(self) -> StoreTrouble:
        place, reason = next(iter(self._closed.items()))
        more = f" and {plural(len(self._closed) - 1, 'more place')}" if len(self._closed) > 1 else ""
        return StoreTrouble("broken", f"{path_text(place)}{more} cannot be read ({reason}); see who may read it")


def _is_json(entry: Entry) -> bool:
    return entry.path.name.endswith(".json")


def _stamp(file: Path) -> _Stamp:
    try:
        info = file.stat()
    except (OSError, ValueError):
        return None
    return (info.st_mtime_ns, info.st_ctime_ns, info.st_size, info.st_ino)


def _cursor(text: str | None) -> tuple[int, list[list[int]], list[str]]:
    try:
        high, gaps, broken, *_ = json.loads(text or "[0, [], []]")
        return int(high), [[int(bottom), int(top)] for bottom, top in gaps], [str(name) for name in broken]
    except (TypeError, ValueError):
        return 0, [], []


def _below(gaps: list[list[int]], cut: int) -> list[list[int]]:
    """The parts of the gaps up to `cut`, inclusive: a folder changed at exactly that time is read once more."""
    return [[bottom, min(end, cut)] for bottom, end in gaps if bottom < cut]
