"""Sets values in the text of OpenCode's configuration and keeps its comments, its order and the rest as they are."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from msgspec import Struct

from opencode_tui.pricing.jsonc import jsonc_value

_TRIVIA = re.compile(r"(?:\s+|//[^\r\n]*|/\*.*?\*/)*", re.DOTALL)
_STRING = re.compile(r'"(?:\\.|[^"\\\r\n])*"')
_OTHER = re.compile(r"[^\s,:{}\[\]\"/]+")
_DEEPEST = 100
_MEMBER_INDENT = re.compile(r"\n([ \t]+)\"")


class _Value(Struct, frozen=True):
    """A value's place in the text; of an object, its members as well."""

    start: int
    end: int
    members: tuple[_Member, ...] | None = None
    """None if it is no object."""


class _Member(Struct, frozen=True):
    key: str
    start: int
    value: _Value
    comma: int
    """The place of the comma after it; -1 if there is none."""


def with_json_string(text: str, path: Sequence[str], value: str) -> str:
    """The text with a string set at a path of keys; objects that are missing are added at the end of theirs.

    Raises ValueError with a part of a sentence if the text is not JSON with comments, or has something else than an
    object on the way.
    """
    if not text.strip():
        text = "{\n}\n"
    before = jsonc_value(text)
    changed = _set(text, path, value)
    if jsonc_value(changed) != _expected(before, path, value):
        raise ValueError("its form is unusual")
    return changed


def _expected(before: object, path: Sequence[str], value: str) -> object:
    if not path:
        return value
    table = before if isinstance(before, dict) else {}
    return {**table, path[0]: _expected(table.get(path[0]), path[1:], value)}


def _set(text: str, path: Sequence[str], value: str) -> str:
    at = _value(text, _TRIVIA.match(text).end(), 0)  # type: ignore[union-attr]  # it matches the empty text as well
    for number, key in enumerate(path):
        if at.members is None:
            raise ValueError(f"{'.'.join(path[:number]) or 'it'} is no object")
        named = [member for member in at.members if member.key == key]
        if not named:
            return _added(text, at, path[number:], value)
        at = named[-1].value  # of keys that are there twice, JSON takes the last
    return text[: at.start] + json.dumps(value, ensure_ascii=False) + text[at.end :]


def _added(text: str, at: _Value, path: Sequence[str], value: str) -> str:
    """The text with a member at the end of an object: on a line of its own if the object has several."""
    assert at.members is not None
    inside, close = text[at.start + 1 : at.end - 1], at.end - 1
    new_line = "\r\n" if "\r\n" in text else "\n"
    if at.members and "\n" not in inside:
        last = at.members[-1]
        place, comma = (last.comma + 1, "") if last.comma >= 0 else (last.value.end, ",")
        return f"{text[:place]}{comma} {_compact(path, value)}{text[place:]}"
    outer = _indent_of(text, close if "\n" in inside else at.start)
    inner = _indent_of(text, at.members[0].start) if at.members else None
    if inner is None or len(inner) <= len(outer):
        inner = outer + _unit(text)
    member = _indented(path, value, inner, _unit(text), new_line)
    if not at.members:
        kept = inside.rstrip()
        return f"{text[: at.start + 1]}{kept}{new_line}{inner}{member}{new_line}{outer}{text[close:]}"
    last = at.members[-1]
    rest = text[last.value.end : close]  # a comma, comments and white space
    comma = "" if last.comma >= 0 else ","
    end = f"{new_line}{outer}" if "\n" in rest else ""
    return f"{text[: last.value.end]}{comma}{rest.rstrip()}{new_line}{inner}{member}{end}{text[close:]}"


def _compact(path: Sequence[str], value: str) -> str:
    """A member with everything below it on one line."""
    below = f"{{{_compact(path[1:], value)}}}" if path[1:] else json.dumps(value, ensure_ascii=False)
    return f"{json.dumps(path[0], ensure_ascii=False)}: {below}"


def _indented(path: Sequence[str], value: str, indent: str, unit: str, new_line: str) -> str:
    key, more = json.dumps(path[0], ensure_ascii=False), path[1:]
    if not more:
        return f"{key}: {json.dumps(value, ensure_ascii=False)}"
    inner = _indented(more, value, indent + unit, unit, new_line)
    return f"{key}: {{{new_line}{indent}{unit}{inner}{new_line}{indent}}}"


def _indent_of(text: str, place: int) -> str:
    """The white space that the line of a place begins with."""
    line = text[text.rfind("\n", 0, place) + 1 : place]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _unit(text: str) -> str:
    """One step of the text's indentation."""
    found = _MEMBER_INDENT.search(text)
    return found[1] if found else "  "


def _value(text: str, start: int, depth: int) -> _Value:
    if depth > _DEEPEST:
        raise ValueError("it is nested too deeply")
    head = text[start : start + 1]
    if head == "{":
        return _object(text, start, depth)
    if head == "[":
        place = _after(text, start + 1)
        while text[place : place + 1] != "]":
            place = _after(text, _value(text, place, depth + 1).end)
            if text[place : place + 1] == ",":
                place = _after(text, place + 1)
        return _Value(start, place + 1)
    found = (_STRING if head == '"' else _OTHER).match(text, start)
    if found is None:
        raise ValueError("its form is unusual")
    return _Value(start, found.end())


def _object(text: str, start: int, depth: int) -> _Value:
    members, place = [], _after(text, start + 1)
    while text[place : place + 1] != "}":
        key = _STRING.match(text, place)
        colon = _after(text, key.end()) if key else place
        if key is None or text[colon : colon + 1] != ":":
            raise ValueError("its form is unusual")
        value = _value(text, _after(text, colon + 1), depth + 1)
        place, comma = _after(text, value.end), -1
        if text[place : place + 1] == ",":
            place, comma = _after(text, place + 1), place
        members.append(_Member(json.loads(key[0], strict=False), key.start(), value, comma))
    return _Value(start, place + 1, tuple(members))


def _after(text: str, place: int) -> int:
    """The place of the next character that is neither white space nor comment."""
    found = _TRIVIA.match(text, place)
    assert found is not None
    if found.end() >= len(text):
        raise ValueError("it ends early")
    return found.end()
