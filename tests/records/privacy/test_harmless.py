"""Nothing that a store holds can act on a terminal, a clipboard, tmux or a shell."""

from __future__ import annotations

import io
import shlex
import subprocess
from pathlib import Path
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from opencode_tui.cli.streams import HarmlessStream
from opencode_tui.records.privacy.harmless import for_shell, for_tmux, lines, one_line, plain_cells, shown_id
from opencode_tui.report.session_facts import resume_command
from tests.support.escapes import ESCAPES, acts

NASTY = st.text(
    st.one_of(
        st.characters(), st.sampled_from("\x00\x07\x1b\x9b\x9d\n\r\t\u202e\u2066\u200f\u2028\ufeff'\"\\$`!#()[];&|~- %")
    ),
    max_size=40,
)


@given(NASTY)
@example("".join(ESCAPES))
def test_a_line_holds_nothing_that_acts(text: str) -> None:
    assert acts(one_line(text)) == acts(plain_cells(text)) == acts(for_tmux(text)) == acts(shown_id(text)) == []
    assert acts(lines(text), "\n") == []
    assert lines(text).count("\n") == text.count("\n")


@given(NASTY)
def test_tmux_finds_no_style_and_nothing_to_run(text: str) -> None:
    assert "#" not in for_tmux(text, 1000).replace("##", "")


@given(NASTY)
def test_a_shell_takes_it_for_one_word(text: str) -> None:
    assert shlex.split(for_shell(text)) == [one_line(text)]


@hypothesis_settings(max_examples=60)
@given(NASTY)
@example("$(touch hit)`touch hit`;touch hit\n&touch hit")
@example("\\'; touch hit; '")
def test_a_real_shell_runs_nothing_of_it(text: str) -> None:
    for shell in ("bash", "dash"):
        said = subprocess.run([shell, "-c", f"printf %s {for_shell(text)}"], capture_output=True, check=True)
        assert said.stdout.decode() == one_line(text)


@pytest.mark.parametrize("id", ["ses_6f1cafe0ffeKq2", "msg_0123_4", "evt_x-y"])
def test_an_id_of_opencodes_form_is_shown_and_copied_as_it_is(id: str) -> None:
    assert shown_id(id) == id
    assert resume_command(id) == f"opencode -s {id}"


@pytest.mark.parametrize(
    "id", ["ses_1\nrm -rf ~", "$(touch hit)", "ses_`x`", "-rf", "ses_1 x", "", "ses_1;x", *ESCAPES]
)
def test_any_other_id_is_quoted(id: str) -> None:
    command = resume_command(id)
    assert shlex.split(command) == ["opencode", f"--session={one_line(id)}"]
    assert "\n" not in command
    assert shown_id(id) != id


@given(st.lists(NASTY, max_size=5))
def test_what_is_printed_passes_a_stream_that_lets_nothing_through(texts: list[str]) -> None:
    raw = io.StringIO()
    stream = HarmlessStream(raw)
    print(*texts, sep="\n", file=cast(io.StringIO, stream))
    stream.writelines(texts)
    assert acts(raw.getvalue(), "\n") == []


def test_what_is_printable_passes_as_it_is() -> None:
    text = "▲ $0.83 “größe” 👩\u200d💻 \ue0b0\nline\n"
    assert lines(text) == text
    assert plain_cells("größe 👩\u200d💻") == "größe 👩\u200d💻"


def test_a_folder_with_nothing_odd_in_it_is_copied_bare(tmp_path: Path) -> None:
    assert for_shell("/home/dev/shop-2/a_b.c") == "/home/dev/shop-2/a_b.c"
    assert for_shell("/home/dev/my shop") == "'/home/dev/my shop'"
