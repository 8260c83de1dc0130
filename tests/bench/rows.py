"""Rows of a v1 store made from templates, fast enough for a million: the same keys as tests.stores writes."""

from __future__ import annotations

import json
import random
import sqlite3
from collections import defaultdict
from dataclasses import dataclass, field

from opencode_tui.records.calls import Tokens

Row = tuple[object, ...]
BATCH = 20_000
LOW_48_BITS = (1 << 48) - 1
SNAPSHOT = "4e71d83239356f2f4ca6efe3ccd6ffd93adf4750"

_INSERT = {
    "session": "INSERT INTO session (id, project_id, parent_id, slug, directory, path, title, version,"
    " cost, tokens_input, tokens_output, tokens_reasoning, tokens_cache_read, tokens_cache_write,"
    " agent, model, time_created, time_updated) VALUES (?,?,?,'quiet-river',?,'',?,'1.18.34',?,?,?,?,?,?,?,?,?,?)",
    "message": "INSERT INTO message VALUES (?,?,?,?,?)",
    "part": "INSERT INTO part VALUES (?,?,?,?,?,?)",
    "event_sequence": "INSERT INTO event_sequence VALUES (?,?,NULL)",
    "event": "INSERT INTO event VALUES (?,?,?,?,?)",
}


@dataclass
class Writer:
    """Collects rows and writes them in transactions of some 20,000; counts what it wrote by table."""

    db: sqlite3.Connection
    counts: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    _rows: defaultdict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))

    def add(self, table: str, row: Row) -> None:
        self._rows[table].append(row)
        self.counts[table] += 1
        if len(self._rows[table]) >= BATCH:
            self.flush()

    def flush(self) -> None:
        with self.db:
            for table, rows in self._rows.items():
                self.db.executemany(_INSERT[table], rows)
        self._rows.clear()


class FastIds:
    """Ids that sort as OpenCode's do."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._count = 0

    def make(self, prefix: str, ms: int) -> str:
        self._count = (self._count + 1) & 0xFFF
        return f"{prefix}_{(ms * 0x1000 + self._count) & LOW_48_BITS:012x}{self._dice.getrandbits(56):014x}"

    def session(self, ms: int) -> str:
        self._count = (self._count + 1) & 0xFFF
        return f"ses_{~(ms * 0x1000 + self._count) & LOW_48_BITS:012x}{self._dice.getrandbits(56):014x}"


def usd_text(nano: int) -> str:
    """An amount as JSON; the shortest text of the double, as JavaScript writes it."""
    return repr(nano / 1e9) if nano else "0"


def tokens_text(tokens: Tokens) -> str:
    return (
        f'{{"total":{tokens.total},"input":{tokens.input},"output":{tokens.output},'
        f'"reasoning":{tokens.reasoning},"cache":{{"write":{tokens.cache_write},"read":{tokens.cache_read}}}}}'
    )


def user_text(created: int, model: str, agent: str) -> str:
    provider, _, name = model.partition("/")
    return (
        f'{{"role":"user","time":{{"created":{created}}},"agent":"{agent}",'
        f'"model":{{"providerID":"{provider}","modelID":"{name}"}},"summary":{{"diffs":[]}}}}'
    )


def assistant_text(
    parent: str,
    agent: str,
    directory: str,
    model: str,
    nano: int,
    tokens: Tokens,
    span: tuple[int, int],
    end: str,
) -> str:
    """`end` is `"finish":"stop"` or `"error":{…}`."""
    provider, _, name = model.partition("/")
    return (
        f'{{"parentID":"{parent}","role":"assistant","mode":"{agent}","agent":"{agent}",'
        f'"path":{{"cwd":"{directory}","root":"{directory}"}},"cost":{usd_text(nano)},'
        f'"tokens":{tokens_text(tokens)},"modelID":"{name}","providerID":"{provider}",'
        f'"time":{{"created":{span[0]},"completed":{span[1]}}},{end}}}'
    )


def step_start_text() -> str:
    return f'{{"snapshot":"{SNAPSHOT}","type":"step-start"}}'


def step_finish_text(reason: str, tokens: Tokens, nano: int) -> str:
    return (
        f'{{"reason":"{reason}","snapshot":"{SNAPSHOT}","type":"step-finish",'
        f'"tokens":{tokens_text(tokens)},"cost":{usd_text(nano)}}}'
    )


def words_text(words: str, start: int) -> str:
    return f'{{"type":"text","text":"{words}","time":{{"start":{start},"end":{start + 900}}}}}'


def tool_text(tool: str, call_id: str, given: dict[str, str], output: str, metadata: str, start: int) -> str:
    return (
        f'{{"type":"tool","tool":"{tool}","callID":"{call_id}","state":{{"status":"completed",'
        f'"input":{json.dumps(given)},"output":"{output}","metadata":{metadata},"title":"{tool}",'
        f'"time":{{"start":{start},"end":{start + 300}}}}}}}'
    )
