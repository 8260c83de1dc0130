"""Finds the file of OpenCode's configuration in which the model of an agent is set, or can be."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from opencode_tui import paths
from opencode_tui.cli.levers.place import text_of
from opencode_tui.guard.install import config_dir
from opencode_tui.pricing.config_places import INLINE, NAMES, ConfigPlaces
from opencode_tui.readings.agent_models import AGENT_FOLDERS, model_in

_MOST_DIRECTORIES = 50


class ElsewhereError(Exception):
    """The model is set where we do not change it. The message is a sentence without a full stop."""


def file_of_agent(agent: str, directories: Sequence[str]) -> Path:
    """OpenCode's own configuration file to set the agent's model in: the last one that does, else the last there is.

    `directories` are those in which the agent ran. Raises ElsewhereError if something that OpenCode reads later, such
    as a project's configuration, sets the model, and Trouble if a file cannot be read.
    """
    own = config_dir(os.environ)
    places = ConfigPlaces(os.environ, paths.home())
    found = list(dict.fromkeys(file for each in ("", *directories[:_MOST_DIRECTORIES]) for file in _of(places, each)))
    for folder in dict.fromkeys([own, *(file.parent for file in found if file != INLINE)]):
        for file in (folder / name / f"{agent}.md" for name in AGENT_FOLDERS):
            if paths.is_there(file):
                raise ElsewhereError(f"It is described in {paths.tilde(file)}")
    setting = [file for file in found if model_in(_text(file), agent) is not None]
    for file in setting:
        if file == INLINE or file.parent != own:
            raise ElsewhereError(f"Its model is set by {paths.tilde(file)}")
    there = setting or [own / name for name in NAMES if paths.is_there(own / name)]
    return there[-1] if there else own / NAMES[0]


def _of(places: ConfigPlaces, directory: str) -> list[Path]:
    return places.of(directory, paths.is_there) if not directory or paths.is_folder(directory) else []


def _text(file: Path) -> str:
    return (os.environ.get(str(INLINE)) if file == INLINE else text_of(file)) or ""
