"""Finds the model that OpenCode's configuration sets for an agent, in JSON or in Markdown that describes the agent."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from opencode_tui import paths
from opencode_tui.pricing.config_places import INLINE, ConfigPlace, ConfigPlaces
from opencode_tui.pricing.files import read_text
from opencode_tui.pricing.jsonc import jsonc_value

AGENT_FOLDERS = ("agent", "agents")
"""In a folder of OpenCode's configuration; of two descriptions of an agent, the one in the last of them wins."""
_FRONT_MATTER = re.compile(r"---[ \t]*\r?\n(.*?)(?:\r?\n)---[ \t]*(?:\r?\n|$)", re.DOTALL)
_MODEL = re.compile(r"""^model[ \t]*:[ \t]*(?:"([^"]*)"|'([^']*)'|([^\s#"']\S*))[ \t]*(?:#.*)?$""", re.MULTILINE)


def model_in(text: str, agent: str) -> object:
    """The model that a configuration sets for an agent; None if it sets none or is no JSON."""
    try:
        value = jsonc_value(text.removeprefix("\ufeff"))
    except ValueError:
        return None
    for key in ("agent", agent, "model"):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def model_in_markdown(text: str) -> str | None:
    """The model in the front matter of Markdown that describes an agent; None without one."""
    front = _FRONT_MATTER.match(text.removeprefix("\ufeff"))
    found = _MODEL.search(front[1].replace("\r", "")) if front else None
    return next((each for each in found.groups() if each is not None), None) if found else None


def model_of(agent: str, directories: Iterable[str]) -> tuple[Path | None, str]:
    """(the file, the model) that OpenCode has for an agent; no file where directories or OpenCode 1 and 2 differ."""
    places, found = ConfigPlaces(os.environ, paths.home()), set()
    for directory in ("", *directories):
        if directory and not paths.is_folder(directory):
            continue
        for is_new in (False, True):
            set_by = _set_by(places.with_folders(directory, paths.is_there, is_new=is_new), agent)
            found.add(next((each for each in reversed([*set_by]) if each[1] is not None), (None, "")))
    file, model = found.pop()
    return (None, "") if found or not isinstance(model, str) else (file, model)


def _set_by(places: Iterable[ConfigPlace], agent: str) -> Iterator[tuple[Path, object]]:
    """(the file, the model that it sets or None) in OpenCode's order."""
    for place in places:
        if place.is_folder:
            for file in (place.file / name / f"{agent}.md" for name in AGENT_FOLDERS):
                yield file, model_in_markdown(text_of_place(file))
        else:
            yield place.file, model_in(text_of_place(place.file), agent)


def text_of_place(file: Path) -> str:
    """A file's text; empty if there is none or it cannot be read."""
    if file == INLINE:
        return os.environ.get(str(INLINE)) or ""
    try:
        return read_text(file) or ""
    except (OSError, ValueError):
        return ""
