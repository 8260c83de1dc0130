"""Finds what turns the guard off in OpenCode 2: `"plugins": ["-opencode-tui-guard"]` or `"-*"` in its configuration.

Any of its files can, including a project's own; the last one that mentions it counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from opencode_tui.guard.install import NAME
from opencode_tui.paths import expand
from opencode_tui.pricing import jsonc
from opencode_tui.pricing.config_places import ConfigPlaces
from opencode_tui.pricing.files import Mark, file_mark, read_text

_ID = NAME.removesuffix(".js")
_ADDS, _REMOVES = (_ID, "*"), (f"-{_ID}", "-*")
_MOST = 200
"""The number of directories that are checked."""


def turned_off_by(environ: Mapping[str, str], directories: Iterable[str] = ()) -> list[Path]:
    """The files that turn it off, globally or for one of these directories. Reads a few small files."""
    places = ConfigPlaces(environ, expand("~"))
    found = dict[Path, None]()
    for directory in ("", *list(directories)[:_MOST]):
        last: Path | None = None
        for file in places.of(directory, Path.exists):
            says = _says(file, file_mark(file))
            if says is not None:
                last = file if says == "off" else None
        if last is not None:
            found[last] = None
    return list(found)


@lru_cache(maxsize=1000)
def _says(file: Path, seen: Mark) -> str | None:
    """`on` or `off`; None if the file does not mention it."""
    if seen is None:
        return None
    try:
        config = jsonc.jsonc_value(read_text(file) or "")
    except (OSError, ValueError):  # unreadable files are reported with the prices
        return None
    plugins = config.get("plugins") if isinstance(config, dict) else None
    entries = [each for each in plugins if each in _ADDS + _REMOVES] if isinstance(plugins, list) else []
    if not entries:
        return None
    return "off" if entries[-1] in _REMOVES else "on"
