"""What the guard has refused lately because of a rate, a loop, a subagent's cap or a budget, as the plugin noted it."""

from __future__ import annotations

import json
from pathlib import Path

from msgspec import Struct

from opencode_tui.guard.files import small_text

_MOST = 20
HELD_KINDS = ("calls", "hour", "loop", "subagent", "budget")


class HeldCall(Struct, frozen=True):
    kind: str
    """One of HELD_KINDS."""
    session_id: str
    """Empty if it is not known."""
    budget: str
    """The name of the budget, else empty."""
    at_ms: int
    """The first of an hour in this session, in Unix milliseconds."""
    times: int
    """How many calls were refused."""
    sentence: str
    """What had happened, such as `the same tool call was made 8 times with nothing changed in between`."""


def held_calls_beside(ledger: Path) -> Path:
    """The path of the plugin's notes."""
    return ledger.with_name("guard-refused.json")


def write_held_calls(file: Path, refusals: tuple[HeldCall, ...]) -> None:
    """Write notes as the plugin does, for a demo."""
    notes = [
        {name: getattr(each, name) for name in ("kind", "budget", "at_ms", "times", "sentence")}
        | {"session": each.session_id}
        for each in refusals
    ]
    file.write_text(json.dumps({"refused": notes}))


def read_held_calls(file: Path) -> tuple[HeldCall, ...]:
    """The notes, without those that this version does not know."""
    try:
        notes = json.loads(small_text(file)).get("refused", [])
    except (ValueError, AttributeError, RecursionError):
        return ()
    return tuple(filter(None, map(_refusal, notes[-_MOST:] if isinstance(notes, list) else [])))


def _refusal(note: object) -> HeldCall | None:
    if not isinstance(note, dict):
        return None
    texts = [note.get(name) for name in ("kind", "session", "budget", "sentence")]
    at_ms, times = note.get("at_ms"), note.get("times")
    if type(at_ms) is not int or type(times) is not int:
        return None
    kind, session, budget, sentence = (_printable(text) if isinstance(text, str) else "" for text in texts)
    return HeldCall(kind, session, budget, at_ms, times, sentence[:500]) if kind in HELD_KINDS and sentence else None


def _printable(text: str) -> str:
    return "".join(letter for letter in text[:1000] if letter.isprintable())
