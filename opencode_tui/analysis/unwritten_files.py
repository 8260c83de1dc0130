"""Files that nobody wrote by hand: installed packages, build output, logs, generated code, lock files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from opencode_tui.paths import last_part

_INSTALLED = frozenset(
    (
        *("node_modules", "bower_components", "site-packages", ".venv", "venv", "__pycache__", ".pnpm-store"),
        *(".next", ".nuxt", ".svelte-kit", ".gradle", ".terraform", ".dart_tool", "Pods", "DerivedData", ".turbo"),
        *(".cache", ".parcel-cache", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".tox", "htmlcov", ".nyc_output"),
    )
)
"""Folders that hold nothing else."""
_BUILT = frozenset(("dist", "build", "out", "target", "vendor", "third_party", "coverage"))
"""Folders that hold such files in many projects, and sources in some."""
_OUTPUT = frozenset(
    (
        *("js", "mjs", "cjs", "css", "map", "html", "class", "jar", "war", "o", "a", "so", "obj", "d", "wasm"),
        *("lcov", "log", "rlib", "rmeta", "whl", "gz", "zip", "pack"),
    )
)
_VENDORED = frozenset(("vendor", "third_party"))
_SEARCHED_WHOLE = _VENDORED | {"dist"}
"""Folders in which a search as a whole finds next to nothing that somebody wrote."""
_LOCKS = frozenset(
    (
        *("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb"),
        *("Cargo.lock", "poetry.lock", "uv.lock", "pdm.lock", "Pipfile.lock", "composer.lock", "Gemfile.lock"),
        *("go.sum", "mix.lock", "pubspec.lock", "Podfile.lock", "flake.lock", "packages.lock.json", "deno.lock"),
    )
)
_GENERATED = {
    "*.min.*": re.compile(r"\.min\.(?:js|mjs|css)$"),
    "*.js.map": re.compile(r"\.[mc]?js\.map$"),
    "*.css.map": re.compile(r"\.css\.map$"),
    "*.bundle.js": re.compile(r"\.bundle\.js$"),
    "*.pb.go": re.compile(r"\.pb\.go$"),
    "*_pb2*.py*": re.compile(r"_pb2(?:_grpc)?\.pyi?$"),
    "*.g.dart": re.compile(r"\.g\.dart$"),
    "*.freezed.dart": re.compile(r"\.freezed\.dart$"),
    "*.Designer.cs": re.compile(r"\.Designer\.cs$"),
    "*.generated.*": re.compile(r"\.generated\.\w+$"),
}
_WRITTEN_BY_PROGRAMS = {
    "*.log": re.compile(r"\.log(?:\.\d+)?$", re.IGNORECASE),
    "*.lcov": re.compile(r"\.lcov$"),
    "*.tsbuildinfo": re.compile(r"\.tsbuildinfo$"),
}
"""What programs leave in any folder of a project; elsewhere an ignore file of the project has no say."""
_WRITTEN = re.compile(r"config|webpack|rollup|vite|gulp|script", re.IGNORECASE)
"""In the name of a file that somebody wrote for the build."""


def bare_line(line: str) -> str:
    """A line of an ignore file without what makes no difference for a whole folder."""
    return line.strip().removeprefix("**/").strip("/")


@lru_cache(maxsize=65_536)
def ignore_line(path: str, directory: str = "") -> str:
    """The line of an ignore file that keeps such a file out, such as `node_modules/`; empty for any other file.

    A path in `directory`, the project's, is judged by what follows it, and another absolute one by certain names only.
    One that ends with `/` is a folder that was searched.
    """
    is_folder = path.endswith("/")
    path, top = path.replace("\\", "/").rstrip("/"), directory.replace("\\", "/").rstrip("/") + "/"
    is_inside = path.startswith(top) if top != "/" else False
    is_elsewhere = not is_inside and (path.startswith("/") or path[1:3] == ":/")
    *folders, name = (path[len(top) :] if is_inside else path).split("/")
    for folder in (*folders, name):
        if folder in _INSTALLED:
            return f"{folder}/"
    if name in _LOCKS:
        return name
    for line, pattern in _GENERATED.items():
        if pattern.search(name):
            return line
    if is_elsewhere:
        return ""
    if is_folder and name in _SEARCHED_WHOLE:
        return f"{name}/"
    return _built(folders, name) or _left_by_programs(name)


def is_log(path: str) -> bool:
    """Whether it is a log or the like, which programs go on writing."""
    return _left_by_programs(last_part(path)) != ""


def _left_by_programs(name: str) -> str:
    return next((line for line, pattern in _WRITTEN_BY_PROGRAMS.items() if pattern.search(name)), "")


def _built(folders: Sequence[str], name: str) -> str:
    kind = name.rpartition(".")[2].lower() if "." in name[1:] else ""
    for folder in folders:
        if folder in _VENDORED and kind:
            return f"{folder}/"
        if folder in _BUILT and kind in _OUTPUT and not _WRITTEN.search(name):
            return f"{folder}/"
    return ""
