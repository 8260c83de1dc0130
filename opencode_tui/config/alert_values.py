"""Validators of the settings of alerts, channels and the guard.

Each raises ValueError with the second half of a sentence: what is wrong, and what to write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from opencode_tui.config.errors import shown
from opencode_tui.config.settings import LevelOrOff
from opencode_tui.config.values import TOO_MUCH_NANO, file_path, json_table, nano, text_setting
from opencode_tui.paths import expand
from opencode_tui.records.alerts import ALERT_PERIODS, LEVELS, SCOPES, Period, Scope

Choice = TypeVar("Choice", bound=str)

OFF = "off"
_MOST = 1_000_000
_LEVELS_AND_OFF: tuple[LevelOrOff, ...] = (*LEVELS, "off")


def line(value: object) -> int | None:
    """An amount in USD as nano-dollars; None for `off` and 0."""
    return step(value) or None


def step(value: object) -> int:
    """An amount in USD as nano-dollars; 0 for `off`."""
    if value == OFF:
        return 0
    amount = nano(value, "an amount in USD", "0.80, or 'off'")
    if not 0 <= amount < TOO_MUCH_NANO:
        raise ValueError(f"{shown(value)} is out of range; write an amount from 0 to below 1000000, or 'off'")
    return amount


def fill(value: object) -> int | None:
    """An integer percentage; None for `off` and 0."""
    return _whole(value, "percent", 100, 80) or None


def percentage(value: object) -> int:
    """An integer percentage; 0 for `off`."""
    return fill(value) or 0


def count_setting(value: object) -> int:
    """An integer; 0 for `off`."""
    return _whole(value, "number", _MOST, 8)


def _whole(value: object, what: str, most: int, example: int) -> int:
    if value == OFF:
        return 0
    is_text = isinstance(value, str) and re.fullmatch(r"-?\d{1,20}", value, re.ASCII)
    if not is_text and (isinstance(value, bool) or not isinstance(value, int)):
        raise ValueError(f"{shown(value)} is not a whole {what}; write one such as {example}, or 'off'")
    number = int(str(value))
    if not 0 <= number <= most:
        raise ValueError(f"{shown(value)} is out of range; write a whole {what} from 0 to {most}, or 'off'")
    return number


def level(value: object) -> LevelOrOff:
    """The least level that a channel delivers."""
    return one_of(value, _LEVELS_AND_OFF)


def scope(value: object) -> Scope:
    """The scope of a spend rule."""
    return one_of(value, SCOPES)


def period(value: object) -> Period:
    """The period of a spend rule."""
    return one_of(value, ALERT_PERIODS)


def one_of(value: object, words: Sequence[Choice]) -> Choice:
    for word in words:
        if value == word:
            return word
    raise ValueError(f"{shown(value)} is none of {', '.join(map(repr, words))}; write one of them")


def rule_name(value: str) -> str:
    """The name of a user's own rule."""
    if not re.fullmatch(r"[\w-]{1,40}", value):
        raise ValueError("a rule is named with at most 40 letters, digits, - and _; write one such as opus-a-day")
    return value


def rules(value: object) -> object:
    """The user's own rules: a table, or text with a JSON table."""
    return json_table(value, "rules", '{"opus": {"scope": "model", "only": "opus", "warning_usd": 0.5}}')


def caps(value: object) -> object:
    """Amounts by name: a table, or text with a JSON table."""
    return json_table(value, "amounts", '{"build": 0.75}')


def project(value: str) -> str:
    """A project's absolute path with `~` expanded; a relative one would depend on the working directory."""
    path = expand(text_setting(value))
    if not path.is_absolute():
        raise ValueError(f'{shown(value)} is not a whole path; write a project\'s in quotes, such as "~/shop"')
    return str(path)


def url_file(value: object) -> Path | None:
    """The path of the file that holds the webhook's address; rejects the address itself."""
    if isinstance(value, str) and "://" in value:
        raise ValueError("this is an address, a secret; put it into a file of its own, and write that file's path here")
    return file_path(value)


def command_line(value: object) -> tuple[str, ...]:
    """A program and its arguments as a list, since no shell splits text."""
    words = value
    if isinstance(value, str):
        try:
            words = json.loads(value)
        except (ValueError, RecursionError):
            words = None
    if not isinstance(words, list) or not all(isinstance(word, str) and "\0" not in word for word in words):
        raise ValueError(f'{shown(value)} is not a list of words; write one such as ["notify-send", "OpenCode"]')
    return tuple(words)
