"""Of a command the files that it shows are kept as a read's, and no other word of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencode_tui.records.privacy.command_files import files_read
from opencode_tui.source.tool_uses import tool_use
from tests.support.paths import COMMANDS_WITH_SECRETS

COMMANDS: list[str] = json.loads(COMMANDS_WITH_SECRETS.read_text())
LOGS = "build.log"
FOUND: dict[str, tuple[str, ...]] = {
    "cat node_modules/react/index.js": ("node_modules/react/index.js",),
    "head -n 50 dist/bundle.js": ("dist/bundle.js",),
    "head -50 'dist/bundle.js'": ("dist/bundle.js",),
    "tail -n 100 build.log | grep SEKRIT": (LOGS,),
    "less build.log": (LOGS,),
    "cat -n src/a.ts src/b.ts 2>/dev/null": ("src/a.ts", "src/b.ts"),
    "grep -r SEKRIT vendor/": ("vendor/",),
    "grep -rn SEKRIT node_modules": ("node_modules/",),
    'grep -rn "SEKRIT.x\\|$y" vendor/ | head -20': ("vendor/",),
    "grep -A 5 SEKRIT.x vendor/": ("vendor/",),
    "grep -ie SEKRIT.x build.log": (LOGS,),
    "rg -n --glob='*.SEKRIT' -t js SEKRIT.x dist/": ("dist/",),
    "sed -n '1,20p' dist/app.js": ("dist/app.js",),
    "awk -v p=SEKRIT.x '/SEKRIT/{print $1}' build.log": (LOGS,),
    "jq '.SEKRIT' package-lock.json": ("package-lock.json",),
    "cd web && cat dist/bundle.js": ("web/dist/bundle.js",),
    "cd /home/dev/shop; cat dist/b.js; cat /etc/hosts.d/a": ("/home/dev/shop/dist/b.js", "/etc/hosts.d/a"),
    "npm run build && tail -n 5 build.log": (LOGS,),
    "cat a.log a.log b.log": ("a.log", "b.log"),
}
NOT_SHOWN = (
    *("sed -i s/a/b/ src/a.js", "cat build.log > SEKRIT.x", "cat build.log 1>x.y", "cat build.log | node x.js"),
    *("find . -name a.b | xargs cat", "cat <<EOF > a.txt\nSEKRIT.x\nEOF", "ls node_modules/", "npm test a/b.ts"),
)
NOT_CERTAIN = (
    *("cat SEKRIT", "cat $SEKRIT/a.b", 'cat "$(SEKRIT.x)"', "cat sk-SEKRITabcdef.txt", "cat https://u:SEKRIT@h/x.y"),
    *("grep --SEKRIT pass.word build.log", "grep -f SEKRIT.x build.log", "rg -r SEKRIT.x foo dist/"),
    *('cd "$SEKRIT" && cat a.b', "cd - && cat a.b", "jq --arg t SEKRIT.x . a.json", "cat 'open a.b"),
)


@pytest.mark.parametrize("command", FOUND)
def test_the_files_that_a_command_shows_are_kept(command: str) -> None:
    assert files_read(command) == FOUND[command]
    for tool in ("bash", "shell"):
        state = (tool, "completed", None, None, command, *[None] * 8)
        assert tool_use("prt_1", "msg_1", "ses_1", state, None).files == FOUND[command]


@pytest.mark.parametrize("command", [*NOT_SHOWN, *NOT_CERTAIN])
def test_what_is_not_shown_and_what_may_be_no_file_is_not_kept(command: str) -> None:
    assert files_read(command) == ()


@pytest.mark.parametrize("command", COMMANDS)
def test_no_secret_is_among_the_files(command: str) -> None:
    assert "SEKRIT" not in "".join(files_read(command))


@given(st.lists(st.sampled_from(["cat", "grep", "-n", "-e", "a.b", "'x y'", "|", "&&", "cd", "$(", '"', ">", "\n"])))
def test_no_line_keeps_more_than_its_words_that_look_like_paths(words: list[str]) -> None:
    assert {file.rpartition("/")[2] for file in files_read(" ".join(words))} <= {"a.b"}
