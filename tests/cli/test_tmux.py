"""tmux install, remove and preview: what stands in tmux.conf, and what a real tmux makes of it."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from opencode_tui.cli import EXIT_TROUBLE, EXIT_USAGE
from opencode_tui.cli.tmux import BEGIN, END, conf_file
from tests.support.shell import Shell, assert_one_sentence

OWN = "set -g mouse on\nset -g status-right '#H'\n"


@pytest.fixture(autouse=True)
def home(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(shell.home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return shell.home


@pytest.fixture
def conf(home: Path) -> Path:
    return home / ".tmux.conf"


def test_preview_writes_nothing(shell: Shell, conf: Path) -> None:
    said = shell.said("tmux", "preview")
    assert said.splitlines()[:2] == [f"# for {conf}", BEGIN]
    assert said.splitlines()[-1] == END
    assert not conf.exists()


def test_install_adds_its_lines_once_and_remove_takes_them_out(shell: Shell, conf: Path) -> None:
    conf.write_text(OWN)
    conf.chmod(0o640)
    shell.said("tmux", "install", "--yes")
    written = conf.read_text()
    assert written.startswith(OWN)
    assert written.count(BEGIN) == 1
    assert "has it already" in shell.said("tmux", "install", "--yes")
    shell.said("tmux", "install", "--yes", "--width", "60", "--key", "F9")
    assert conf.read_text().count(BEGIN) == 1
    assert "-l 60" in conf.read_text()
    shell.said("tmux", "remove")
    assert conf.read_text() == OWN
    assert conf.stat().st_mode & 0o777 == 0o640
    assert "nothing" in shell.said("tmux", "remove")


def test_what_comes_after_stays(shell: Shell, conf: Path) -> None:
    shell.said("tmux", "install", "--yes")
    conf.write_text("# mine\r\n" + conf.read_text() + "set -g mouse on")
    shell.said("tmux", "remove")
    assert conf.read_bytes() == b"# mine\r\nset -g mouse on"


def test_nothing_is_written_without_a_yes(shell: Shell, conf: Path) -> None:
    code, _, err = shell.run("tmux", "install")
    assert code == EXIT_USAGE
    assert_one_sentence(err, "--yes")
    assert not conf.exists()


def test_a_link_into_dotfiles_stays_a_link(shell: Shell, conf: Path) -> None:
    real = shell.home / "dotfiles.conf"
    real.write_text(OWN)
    conf.symlink_to(real)
    shell.said("tmux", "install", "--yes")
    assert conf.is_symlink()
    assert BEGIN in real.read_text()


def test_the_file_that_tmux_reads_is_found(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert conf_file() == home / ".tmux.conf"
    second = home / ".config" / "tmux" / "tmux.conf"
    second.parent.mkdir(parents=True)
    second.touch()
    assert conf_file() == second
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "elsewhere"))
    third = home / "elsewhere" / "tmux" / "tmux.conf"
    third.parent.mkdir(parents=True)
    third.touch()
    assert conf_file() == third


@pytest.mark.parametrize(
    ("text", "word"),
    [(b"\xff", "UTF-8"), (f"{BEGIN}\n".encode(), "between"), (f"{END}\n{BEGIN}\n".encode(), "between")],
)
@pytest.mark.parametrize("action", [("install", "--yes"), ("remove",), ("preview",)])
def test_a_file_that_cannot_be_changed_safely_stays(
    shell: Shell, conf: Path, text: bytes, word: str, action: tuple[str, ...]
) -> None:
    conf.write_bytes(text)
    code, _, err = shell.run("tmux", *action)
    assert code == EXIT_TROUBLE
    assert_one_sentence(err, word, str(conf))
    assert conf.read_bytes() == text


@pytest.mark.parametrize("flags", [("--width", "19"), ("--width", "x"), ("--key", "'; run-shell x"), ("--key", "")])
def test_a_wrong_key_or_width_is_refused(shell: Shell, flags: tuple[str, str]) -> None:
    code, _, err = shell.run("tmux", "preview", *flags)
    assert code == EXIT_USAGE
    assert flags[0] in err


@pytest.fixture
def tmux(shell: Shell, conf: Path) -> Iterator[Callable[..., str]]:
    """Runs a command of a tmux that has read the file, in a session of 120 columns."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not there")
    server = f"opencode-tui-{uuid.uuid4().hex[:8]}"

    def run(*command: str) -> str:
        found = ["tmux", "-L", server, "-f", str(conf), *command]
        return subprocess.run(found, check=True, capture_output=True, text=True).stdout

    yield run
    subprocess.run(["tmux", "-L", server, "kill-server"], capture_output=True)


def test_a_real_tmux_opens_the_dashboard_beside_and_shows_the_line_once(
    shell: Shell, conf: Path, tmux: Callable[..., str]
) -> None:
    conf.write_text("set -g status-right '#H'\n")
    odd = shell.home / "it's #{a} place"
    odd.mkdir()
    shell.said("tmux", "install", "--yes", "--config", str(odd / "config.toml"))
    tmux("new-session", "-d", "-x", "120", "-y", "30", "sleep 60")
    for _ in range(2):
        right = tmux("show-options", "-gv", "status-right")
        assert right.startswith("#H #(")
        assert right.count("status") == 1
        tmux("source-file", str(conf))
    assert tmux("show-options", "-gv", "status-right").count("status)") == 1
    (binding,) = tmux("list-keys", "-T", "prefix", "O").splitlines()
    command = shlex.split(binding.split(" O ", 1)[1])
    assert shlex.split(command[-1])[-2:] == ["--config", str(odd / "config.toml")]
    tmux(*command[:-1], "sleep 60")
    widths = tmux("list-panes", "-F", "#{pane_width} #{pane_active}").split("\n")[:2]
    assert widths == ["75 1", "44 0"]
