"""Reads a ledger of any version of ours, and what `team export` wrote of one, which has the same tables."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from typing import Any

from opencode_tui.clock import Span
from opencode_tui.ledger.digests import DIGEST_FIELDS
from opencode_tui.ledger.schema import LATEST
from opencode_tui.paths import last_part
from opencode_tui.records.team_choices import SHARES
from opencode_tui.team.calls import AT_SESSION, DayCause, LedgerFacts, SeatCall
from opencode_tui.team.opening import UnreadableFile

_NEEDED = {*DIGEST_FIELDS, "machine_id", "completed_ms", "copied_from"}
_QUOTED = re.compile(r'".*"')
_PLACES = len(DIGEST_FIELDS)
_UNREAD = (
    ("unreadable", "at_ms", ""),
    ("call", "created_ms", "missing"),
    ("unread", "at_ms", ""),  # of a file that `team export` wrote
)
"""Tables that a file may have, the column with the moment, and the one that says of which rows; empty for all."""


class LedgerReader:
    """Reads by a connection that stays open. Raises UnreadableFile if it is no ledger, or lacks what is needed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._columns = self._columns_of("call")
        if not self._columns:
            raise UnreadableFile("is no ledger of opencode-tui's, and no export of its calls")
        if missing := _NEEDED - self._columns:
            raise UnreadableFile(
                f"is of a version of opencode-tui that is not known here (call.{min(missing)} is missing)"
            )
        self._machines = dict(self._rows("SELECT id, name FROM machine"))
        self._projects = {id: last_part(project) for id, project in self._rows("SELECT id, project FROM session")}
        self.facts = self._facts()

    def _facts(self) -> LedgerFacts:
        share = exported = None
        remark = ""
        if self._columns_of("seat"):
            stated, exported = next(iter(self._rows("SELECT share, exported_ms FROM seat")), ("", None))
            share = next((known for known in SHARES if known == stated), None)
        elif (version := self._one("PRAGMA user_version")) > LATEST:
            remark = (
                f"is of a newer version of opencode-tui (schema {version}, here {LATEST}), and is read all the same"
            )
        first = next(
            iter(
                self._rows(
                    "SELECT machine_id, id, created_ms FROM call WHERE copied_from IS NULL"
                    " ORDER BY created_ms, id LIMIT 1"
                )
            ),
            None,
        )
        # Counted in this form from indexes alone: the table can have a hundred times their size.
        copies = self._one("SELECT count(*) FROM call WHERE copied_from IS NOT NULL")
        return LedgerFacts(
            share,
            self._one("SELECT count(*) FROM call") - copies,
            f"{self._machines.get(first[0], '')}\n{first[1]}" if first else "",
            self._one("SELECT max(created_ms) FROM call"),
            first[2] if first else None,
            exported,
            remark,
        )

    def calls(self, span: Span) -> Iterator[SeatCall]:
        place = "directory" if "directory" in self._columns else "''"
        fields = ", ".join(DIGEST_FIELDS)
        rows = self._connection.execute(
            f"""SELECT {fields}, machine_id, completed_ms IS NOT NULL, copied_from IS NOT NULL, {place} FROM call
            WHERE created_ms >= ? AND created_ms < ? ORDER BY created_ms, id""",
            (span.start_ms, span.end_ms),
        )
        machines, projects = self._machines, self._projects
        for row in rows:
            machine, is_completed, is_copy, directory = row[_PLACES:]
            project = projects.get(row[AT_SESSION]) or last_part(directory) or "unknown"
            yield SeatCall(row[:_PLACES], machines.get(machine, ""), project, bool(is_completed), bool(is_copy))

    def unread(self) -> Iterator[int | None]:
        for table, moment, which in _UNREAD:
            if columns := self._columns_of(table):
                if which and which not in columns:
                    continue
                moment = moment if moment in columns else "NULL"  # as of a version that did not note it
                where = f"WHERE {which} IS NOT NULL" if which else ""
                yield from (row[0] for row in self._connection.execute(f"SELECT {moment} FROM {table} {where}"))

    def causes(self, first: str, last: str) -> tuple[DayCause, ...]:
        if not self._columns_of("alert"):
            return ()
        rows = self._rows(
            "SELECT period, level, cause FROM alert WHERE rule = 'day' AND period >= ? AND period <= ? AND cause <> ''"
            " ORDER BY period, at_ms, line",
            (first, last),
        )
        return tuple(DayCause(*row) for row in rows)

    def titles(self, ids: list[str]) -> dict[str, str]:
        import json

        found = self._rows(
            "SELECT id, title FROM session WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(ids),)
        )
        return dict(found)

    def _columns_of(self, table: str) -> set[str]:
        return {row[1] for row in self._rows(f"PRAGMA table_xinfo({table})")}

    def _one(self, sql: str) -> int:
        number: int = self._connection.execute(sql).fetchone()[0]
        return number

    def _rows(self, sql: str, values: tuple[object, ...] = ()) -> list[Any]:
        return self._connection.execute(sql, values).fetchall()


def without_titles(sentence: str) -> str:
    """The sentence about a cause without what stands in quotes, which are titles of sessions."""
    return _QUOTED.sub("a session", sentence)
