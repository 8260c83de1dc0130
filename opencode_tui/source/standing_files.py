"""Reads what a store of JSON files holds now, as `opencode stats` of that version adds it up: all messages of all
sessions in the folders of its projects.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from opencode_tui.records.reconciliation import Agreement, LeftOut, Standing, StandingCall
from opencode_tui.source.agreeing import Collected
from opencode_tui.source.decode import BadRow, cost_field, fraction_of, json_object, moment, section
from opencode_tui.source.layouts import Layout
from opencode_tui.source.reading import Entry, entries, json_files, read_file
from opencode_tui.source.text import identifier


def standing_files(layout: Layout, key: str, path: str, agreement: Agreement | None = None) -> Standing:
    """What the files hold; a file that cannot be opened counts as unreadable."""
    listed: set[str] = set()
    with suppress(OSError):
        for place in layout.session_places():
            with suppress(OSError):
                listed |= {each.path.stem for each in json_files(place) if _is_listed(layout, each.path)}
    found = Collected(agreement)
    with suppress(OSError):
        for place in layout.message_places():
            with suppress(OSError):
                for folder in (each for each in entries(place) if each.is_folder):
                    left_out: LeftOut = "" if folder.path.name in listed else "session"
                    found.add(_calls_in(folder.path, left_out), None)
    form = "OpenCode 0" if layout.version else "OpenCode 1 (files)"
    return Standing(key, path, form, tuple(found.calls), agreed=found.agreed)


def _is_listed(layout: Layout, session: Path) -> bool:
    project = layout.project(session)
    return project is None or project.exists()


def _calls_in(folder: Path, left_out: LeftOut) -> Iterator[StandingCall]:
    with suppress(OSError):
        for entry in json_files(folder):
            if (call := _call(entry, left_out)) is not None:
                yield call


def _call(entry: Entry, left_out: LeftOut) -> StandingCall | None:
    stem, folder = str(identifier(entry.path.stem)), str(identifier(entry.path.parent.name))
    try:
        data = json_object(read_file(entry.path))
    except FileNotFoundError:
        return None
    except (OSError, BadRow):
        return StandingCall(stem, folder, 0, left_out, readable=False, touched_ms=entry.changed_ms)
    if data.get("role") == "user":
        return None
    missing: list[str] = []
    output = section(data, "tokens").get("output")
    nano = cost_field(data["cost"], missing) if data.get("cost") is not None else 0
    return StandingCall(
        id=identifier(data.get("id")) or stem,
        session_id=identifier(data.get("sessionID")) or folder,
        nano=nano,
        left_out=left_out,
        final=moment(section(data, "time").get("completed")) is not None,
        readable=data.get("role") == "assistant" and not missing,
        output=output if isinstance(output, int) else None,
        fraction=fraction_of(data.get("cost"), nano),
        touched_ms=entry.changed_ms,
    )
