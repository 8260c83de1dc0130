from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest

from opencode_tui.paths import config_file, expand, ledger_file, opencode_data_dir, path_list, tilde


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_opencodes_data_directory_is_the_xdg_one(home: Path) -> None:
    assert opencode_data_dir({"XDG_DATA_HOME": "/data"}) == Path("/data/opencode")


@pytest.mark.parametrize("environ", [{}, {"XDG_DATA_HOME": ""}])
def test_opencodes_data_directory_is_in_the_home_without_xdg(home: Path, environ: dict[str, str]) -> None:
    assert opencode_data_dir(environ) == home / ".local/share/opencode"


def test_our_files_have_their_platforms_places(home: Path) -> None:
    config, ledger = config_file({}), ledger_file()
    assert config.name == "config.toml"
    assert config.parent.name == "opencode-tui"
    assert ledger.name == "ledger.db"
    assert ledger.parent.name == "opencode-tui"
    assert config.is_relative_to(home)
    assert ledger.is_relative_to(home)


@pytest.mark.skipif(sys.platform != "linux", reason="XDG places")
def test_on_linux_our_places_follow_xdg(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert config_file({}) == home / ".config/opencode-tui/config.toml"
    assert ledger_file() == home / ".local/share/opencode-tui/ledger.db"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "c"))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "d"))
    assert config_file({}) == home / "c/opencode-tui/config.toml"
    assert ledger_file() == home / "d/opencode-tui/ledger.db"


def test_the_environment_names_another_config_file(home: Path) -> None:
    assert config_file({"OPENCODE_TUI_CONFIG_FILE": "~/my.toml"}) == home / "my.toml"


def test_an_empty_variable_names_no_config_file(home: Path) -> None:
    assert config_file({"OPENCODE_TUI_CONFIG_FILE": ""}) == config_file({})


def test_a_tilde_is_expanded_and_shown_again(home: Path) -> None:
    assert expand("~/a") == home / "a"
    assert tilde(home / "a") == str(Path("~/a"))
    assert tilde(Path("/elsewhere/a")) == str(Path("/elsewhere/a"))


def test_the_home_of_nobody_is_an_error() -> None:
    with pytest.raises(ValueError, match="no home directory is known for '~nobody-of-this-name/a'"):
        expand("~nobody-of-this-name/a")


def test_paths_are_divided_as_the_platform_does(home: Path) -> None:
    assert path_list(os.pathsep.join(["/a", "~/b", ""])) == (Path("/a"), home / "b")
    assert path_list("") == ()


def test_paths_are_a_json_list(home: Path) -> None:
    assert path_list(' ["/a:b", "~/c"]') == (Path("/a:b"), home / "c")


@pytest.mark.parametrize("text", ['["/a",', "[1]", '[""]', "[" * 100_000])
def test_a_broken_json_list_is_no_list_of_paths(text: str) -> None:
    with pytest.raises(ValueError, match="not a JSON list of paths"):
        path_list(text)


@pytest.mark.skipif(sys.platform != "linux", reason="XDG places")
@pytest.mark.parametrize("base", [None, "", "relative", "/absolute", "/with/slash/", "~/x"])
@pytest.mark.parametrize("place", ["/home/me", "/home/me/", "/", "", "relative", None])
def test_our_places_are_those_of_platformdirs(
    monkeypatch: pytest.MonkeyPatch, base: str | None, place: str | None
) -> None:
    for name, value in (("XDG_CONFIG_HOME", base), ("XDG_DATA_HOME", base), ("HOME", place)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert config_file({}).parent == platformdirs.user_config_path("opencode-tui", appauthor=False)
    assert ledger_file().parent == platformdirs.user_data_path("opencode-tui", appauthor=False)


def test_platformdirs_is_not_imported_for_a_named_file() -> None:
    code = (
        "import sys, opencode_tui.paths as p; p.config_file({'OPENCODE_TUI_CONFIG_FILE': '/x'}); "
        "p.opencode_data_dir({'XDG_DATA_HOME': '/y'}); sys.exit('platformdirs' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
