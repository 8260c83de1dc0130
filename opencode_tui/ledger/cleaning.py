"""Removes private text that older versions stored in the ledger: parts of commands, paths, errors and names.

`clean_ledger` changes the rows, in the migration's transaction; `scrub` then rewrites the whole file, because SQLite
leaves the old text of changed rows in free pages and in the -wal.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import suppress

from opencode_tui.ledger.fingerprints import key_of, keyed
from opencode_tui.paths import last_part
from opencode_tui.records.privacy.commands import command_head
from opencode_tui.records.privacy.targets import agent_of, file_of, kept_target, tool_name, word_of

_SCRUB = "scrub"
_BUSY_MS = 500
_ANYTHING = "SELECT EXISTS (SELECT 1 FROM call) OR EXISTS (SELECT 1 FROM tool) OR EXISTS (SELECT 1 FROM alert)"
_LOOP = re.compile(r'(identical calls \()(.*?)(\) in ")')
_EDITS = re.compile(r'(edits of |turns edited )(.+?)( in ")')
_ABOUT_LOOP = re.compile(r'^(\()(.*)(\) in ")')
_ABOUT_EDITS = re.compile(r'^()(.+?)( in ")')
_OF = re.compile(r"([\w.:/-]+) of (.+)")


def clean_ledger(connection: sqlite3.Connection) -> None:
    """Applies the current privacy rules to all stored text. Must run in a write transaction."""
    if not connection.execute(_ANYTHING).fetchone()[0]:
        return
    key = key_of(connection)
    tools = {row[0] for row in connection.execute("SELECT DISTINCT name FROM tool")}
    functions = {
        "kept_tool": lambda text: tool_name(text) or "unknown",
        "kept_agent": lambda text: agent_of(text) or "unknown",
        "kept_word": word_of,
    }
    for name, function in functions.items():
        connection.create_function(name, 1, function, deterministic=True)
    connection.create_function("kept_target", 2, kept_target, deterministic=True)
    connection.create_function("keyed", 1, lambda digest: keyed(key, digest), deterministic=True)
    _clean_alerts(connection, tools, key)
    connection.execute("UPDATE tool SET target = kept_target(name, target), digest = keyed(digest)")
    connection.execute("UPDATE tool SET name = kept_tool(name) WHERE name <> kept_tool(name)")
    connection.execute("UPDATE call SET error = coalesce(nullif(kept_word(error), ''), 'error') WHERE error <> ''")
    connection.execute("UPDATE call SET finish = nullif(kept_word(finish), '') WHERE finish <> ''")
    connection.execute("UPDATE call SET agent = kept_agent(agent) WHERE agent <> kept_agent(agent)")
    connection.execute("INSERT OR IGNORE INTO chore (name) VALUES (?)", (_SCRUB,))


def scrub(connection: sqlite3.Connection) -> None:
    """Rewrites the file without deleted text and empties the -wal; if the ledger is busy, the next process retries."""
    before = connection.execute("PRAGMA busy_timeout").fetchone()[0]
    with suppress(sqlite3.OperationalError):
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("VACUUM")
        if connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0:
            connection.execute("DELETE FROM chore WHERE name = ?", (_SCRUB,))
    connection.execute(f"PRAGMA busy_timeout = {before}")


def _clean_alerts(connection: sqlite3.Connection, tools: set[str], key: bytes | None) -> None:
    """Cleans texts and subjects of alerts that name a command, a file or an agent."""
    agents = [row[0] for row in connection.execute("SELECT DISTINCT agent FROM call WHERE agent <> kept_agent(agent)")]
    rows = connection.execute("SELECT id, kind, session_id, subject, about, cause, text FROM alert").fetchall()
    for id, kind, session_id, subject, *texts in rows:
        kept = [_text(kind, text, tools) for text in texts]
        for agent in agents:
            kept = [text.replace(agent, "unknown") for text in kept]
        judged = "unknown" if subject in agents else _subject(kind, session_id or "", subject, key)
        if [judged, *kept] == [subject, *texts]:
            continue
        for unique in (judged, f"{judged}~{id}"):  # without the removed text two subjects may become equal
            with suppress(sqlite3.IntegrityError):
                connection.execute(
                    "UPDATE alert SET subject = ?, about = ?, cause = ?, text = ? WHERE id = ?", (unique, *kept, id)
                )
                break


def _text(kind: str, text: str, tools: set[str]) -> str:
    """The cleaned form of an alert's text, cause or `about`."""

    def ran(found: re.Match[str]) -> str:
        return found[1] + _what_ran(found[2], tools) + found[3]

    def edited(found: re.Match[str]) -> str:
        return found[1] + (last_part(file_of(found[2])) or "a file") + found[3]

    text = _EDITS.sub(edited, _LOOP.sub(ran, text))
    if kind == "loop":
        return _ABOUT_LOOP.sub(ran, text)
    return _ABOUT_EDITS.sub(edited, text) if kind == "edits" and not text[:1].isdigit() else text


def _what_ran(what: str, tools: set[str]) -> str:
    """A tool with its target, such as `grep of src`, or the head of a command."""
    found = _OF.fullmatch(what)
    if found and found[1] in tools:
        target = kept_target(found[1], found[2])
        return f"{found[1]} of {last_part(target)}" if target else found[1]
    return what if what in tools and tool_name(what) else command_head(what) or "bash"


def _subject(kind: str, session_id: str, subject: str, key: bytes | None) -> str:
    """Cleans `session:tool:target:digest` of a loop and `session:file` of edits; other subjects are unchanged."""
    begin = f"{session_id}:"
    if kind not in ("loop", "edits") or not subject.startswith(begin):
        return subject
    what = subject.removeprefix(begin)
    if kind == "edits":
        return begin + file_of(what)
    tool, _, rest = what.partition(":")
    target, _, digest = rest.rpartition(":")
    try:
        number: int | None = int(digest, 16)
    except ValueError:
        target, number = rest, None
    made = keyed(key, number) if number is not None and -(1 << 63) <= number < 1 << 63 else None
    kept = f"{begin}{tool}:{kept_target(tool, target)}"
    return kept if made is None else f"{kept}:{made:x}"
