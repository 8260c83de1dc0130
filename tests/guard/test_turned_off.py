"""Which files of OpenCode 2's configuration turn the guard off."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from opencode_tui.guard.turned_off import turned_off_by

OFF, ON = "-opencode-tui-guard", "opencode-tui-guard"


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("HOME", str(tmp_path))
    return {"HOME": str(tmp_path)}


def write(file: Path, text: str | list[object]) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text if isinstance(text, str) else json.dumps({"plugins": text}))
    return file


def everywhere(home: Path) -> Path:
    return home / ".config" / "opencode" / "opencode.jsonc"


@pytest.mark.parametrize(
    ("plugins", "off"),
    [
        ([OFF], True),
        (["-*"], True),
        (["-*", "opencode.*"], True),
        ([ON, OFF], True),
        ([OFF, ON], False),
        (["-*", "*"], False),
        ([], False),
        (["-somebody", "opencode-tui-guard-of-mine", {"package": OFF}, 5, None], False),
        ('{"plugins": "-*"}', False),
        ('["-*"]', False),
        ('{"plugins": ["-*"]', False),
        ("{" * 100_000, False),
        ('{// why\n"plugins": ["-*",],}', True),
    ],
    ids=str,
)
def test_the_last_word_of_a_file_counts(
    tmp_path: Path, environ: dict[str, str], plugins: str | list[object], off: bool
) -> None:
    file = write(everywhere(tmp_path), plugins)
    assert turned_off_by(environ) == ([file] if off else [])


def test_a_project_has_the_last_word(tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / "project" / ".git").mkdir(parents=True)
    deep, other = tmp_path / "project" / "deep", tmp_path / "other"
    file = write(tmp_path / "project" / "opencode.json", [OFF])
    assert turned_off_by(environ) == []
    assert turned_off_by(environ, [str(deep), str(tmp_path / "project"), str(other), "", "gone"]) == [file]
    general = write(everywhere(tmp_path), [OFF])
    write(file, [ON])
    assert turned_off_by(environ, [str(deep)]) == [general]
    file.unlink()
    assert turned_off_by(environ, [str(deep)]) == [general]


def test_what_is_no_file_is_not_waited_for(tmp_path: Path, environ: dict[str, str]) -> None:
    everywhere(tmp_path).parent.mkdir(parents=True)
    os.mkfifo(everywhere(tmp_path))
    assert turned_off_by(environ) == []
