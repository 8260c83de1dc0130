"""Tells files that were generated or installed, which hardly anybody means to read, by their paths."""

from __future__ import annotations

import re

_ANYWHERE = frozenset(
    (
        *("node_modules", "bower_components", "site-packages", ".venv", "dist", ".next", ".nuxt", ".svelte-kit"),
        *(".output", ".turbo", ".parcel-cache", "htmlcov", "__pycache__", ".mypy_cache", ".pytest_cache"),
        *(".ruff_cache", ".tox", ".gradle"),
    )
)
"""Names of folders that only tools fill."""
_AT_THE_TOP = frozenset(("vendor", "third_party", "build", "target", "out", "coverage", "venv"))
"""Names that further down may be a folder of sources."""
_LOCKS = frozenset(
    (
        *("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "Cargo.lock"),
        *("poetry.lock", "uv.lock", "Pipfile.lock", "Gemfile.lock", "composer.lock", "go.sum", "flake.lock"),
    )
)
_MINIFIED = re.compile(r"\.(?:min\.(?:js|css)|(?:js|css)\.map)$")


def ignore_line(path: str) -> str:
    """The line of an ignore file for what a path inside a project is part of; empty if it is an ordinary file.

    The path is relative to the project and has slashes.
    """
    *folders, name = path.split("/")
    for place, folder in enumerate(folders):
        if folder in _ANYWHERE:
            return f"{folder}/"
        if not place and folder in _AT_THE_TOP:
            return f"/{folder}/"
    if name in _LOCKS:
        return name
    found = _MINIFIED.search(name)
    return f"*{found[0]}" if found else ""
