"""No secret is kept: of what tools are given the words of known lists, files, hosts and names, and nothing else."""

from __future__ import annotations

import json
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencode_tui.ledger import fingerprints
from opencode_tui.ledger.fingerprints import key_file, keyed
from opencode_tui.records.command_heads import heads_of
from opencode_tui.records.privacy.commands import command_head
from opencode_tui.records.privacy.programs import MODULES, NAMED_SCRIPTS, PROGRAMS
from opencode_tui.records.privacy.targets import (
    agent_of,
    file_of,
    host_of,
    kept_target,
    program_name,
    tool_name,
    word_of,
)
from opencode_tui.source.digest import digest_of
from opencode_tui.source.tool_uses import tool_use
from tests.stores import V1, V2, Files, MakeStore, tool
from tests.support.ledgers import reader
from tests.support.paths import COMMANDS_WITH_SECRETS

COMMANDS: list[str] = json.loads(COMMANDS_WITH_SECRETS.read_text())
GENERATIONS = {"files": Files, "v1": V1, "v2": V2}
KNOWN = {*PROGRAMS, *MODULES, *NAMED_SCRIPTS, "-m", "-i", "--test", ">", "…"}.union(*PROGRAMS.values())
SIGNS = (" ", " ", " && ", "; ", " | ", "\n", " || ", " & ", " 'x' ", ' "', " $(", ")", " > ", "\n>")
MARK = "SEKRIT"


@pytest.mark.parametrize("command", COMMANDS)
def test_no_secret_is_in_the_head_of_a_command(command: str) -> None:
    assert MARK not in command_head(command)


@pytest.mark.parametrize(
    ("command", "head"),
    [
        ("git push origin main", "git push"),
        ("npm run deploy", "npm run deploy"),
        ("npm run SEKRIT", "npm run"),
        ("npm run test:SEKRIT", "npm run test"),
        ("yarn test:unit", "yarn test"),
        ("yarn e2e --ci", "yarn e2e"),
        ("pnpm --filter web run typecheck", "pnpm run typecheck"),
        ("npm t", "npm test"),
        ("uv run pytest -q", "pytest"),
        ("uv run --with SEKRIT python -m pytest", "python -m pytest"),
        ("poetry run SEKRIT", "poetry run"),
        ("npx --yes tsc --noEmit", "tsc"),
        ("npx SEKRIT", "npx"),
        ("bundle exec rspec", "rspec"),
        ("bash -lc 'cd x; npm test'", "npm test"),
        ("bash -c 'SEKRIT x'", "bash"),
        ("docker compose logs SEKRIT", "docker compose logs"),
        ("git -C /home/SEKRIT status", "git status"),
        ("node --test", "node --test"),
        ("sed -i.bak -e s/a/b/ a.ts", "sed -i"),
        ("sed -E -i s/a/b/ a.ts", "sed -i"),
        ("sed -n 5p a.ts", "sed"),
        ("perl -pi -e s/a/b/ a.ts", "perl -i"),
        ("cat > a.ts <<'EOF'", "cat >"),
        ("cat <<'EOF' > a.ts", "cat >"),
        ("echo 'SEKRIT' >> .env", "echo >"),
        ("cat a.ts 2>/dev/null", "cat"),
        ("cat a.ts > /dev/null", "cat"),
        ("echo done >&2", "echo"),
        ("cargo test --all", "cargo test"),
        ("docker build .", "docker build"),
        ("python -m pytest -q", "python -m pytest"),
        ("python3 manage.py migrate", "manage.py migrate"),
        ("ls -la", "ls"),
        ("/usr/bin/git status", "git status"),
        ("./gradlew build", "gradlew build"),
        ("cd '/home/dev/my shop' && FOO=1 npm test", "npm test"),
        ("sudo apt install x", "apt install"),
        ("timeout 60s cargo build", "cargo build"),
        ("git\tpush", "git push"),
        ("git\npush", "git; …"),
        ("ls && npm test", "ls && npm test"),
        ("cd web && npm run build", "npm run build"),
        ("npm test 2>&1 | tail -20", "npm test"),
        ("npm test | tee SEKRIT.log", "npm test | tee"),
        ("grep -l SEKRIT src | xargs -0 -n 1 sed -i s/a/b/", "grep | sed -i"),
        ("sudo -E env X=SEKRIT npm ci", "npm ci"),
        ("sudo -u SEKRIT git status", "git status"),
        ("sudo --askpass SEKRIT git", "sudo"),
        ("time -p make", "make"),
        ("timeout -k 5 60s npm test", "npm test"),
        ("./SEKRIT.sh && npm test || true", "… && npm test"),
        ("rm -rf dist; npm run build; npm run build:SEKRIT", "rm; npm run build"),
        ("npm test; ls; npm test", "npm test; ls"),
        ("(cd web && npm ci)", "npm ci"),
        ("for f in *.js; do node $f; done", "node"),
        ("[ -f SEKRIT ] && npm ci # rm SEKRIT", "npm ci"),
        ("git commit -m 'run; rm SEKRIT' && git push", "git commit && git push"),
        ('git commit -m "a; rm $(date; ls)" && git push', "git commit && git push"),
        ("cat > a.sh <<'EOF'\nnpm test; rm SEKRIT\nEOF\nbash a.sh", "cat >; bash"),
        ("bash -lc 'npm run lint && npm test' | tail", "npm run lint; npm test"),
        ("node -e 'never ends; rm SEKRIT", "node"),
        ("echo SEKRIT; cd SEKRIT", "echo"),
        ("git status|cat", "git status"),
        ("GIT push", ""),
        ("deploy-everything now", ""),
        ("", ""),
    ],
)
def test_a_known_program_has_its_name_and_a_known_subcommand(command: str, head: str) -> None:
    assert command_head(command) == head
    assert command_head(head) == head, "what is kept is read as what it says"


@given(st.lists(st.one_of(st.sampled_from(sorted(KNOWN)), st.text(max_size=12)), max_size=8), st.text(max_size=3))
def test_whatever_the_command_only_known_words_are_kept(words: list[str], between: str) -> None:
    for command in (between.join(words), " ".join(words)):
        assert all(set(head.split()) <= KNOWN and len(head.split()) <= 3 for head in _heads(command))


@given(
    st.lists(st.tuples(st.sampled_from(sorted(KNOWN)), st.sampled_from(SIGNS)), max_size=12),
)
def test_what_is_kept_of_any_line_is_read_as_what_it_says(words: list[tuple[str, str]]) -> None:
    kept = command_head("".join(f"{word}{sign}" for word, sign in words))
    assert command_head(kept) == kept


def _heads(command: str) -> list[str]:
    """The kept commands of a line, whose number is bounded."""
    heads = heads_of(command_head(command))
    assert len(heads) <= 12
    return heads


@given(st.text(alphabet="qz'\"\\$`=;&| \n/-", max_size=60))
def test_a_command_of_nothing_but_quotes_and_operators_is_no_trouble(command: str) -> None:
    assert command_head(command) == ""


@pytest.mark.parametrize(
    "starter", ["npx", "sudo", "uv run", "bundle exec", "env A=b", "python manage.py", "bash -c '"]
)
def test_programs_that_start_one_another_without_end_are_no_trouble(starter: str) -> None:
    assert all(set(head.split()) <= KNOWN for head in _heads(f"{starter} " * 500))


@pytest.mark.parametrize(
    "path",
    [
        "curl -H 'Authorization: Bearer SEKRIT' https://x",
        "psql postgres://u:SEKRIT@h/d",
        "git SEKRIT",
        "/usr/bin/curl -u SEKRIT",
        "u:SEKRIT@host/x",
        "KEY=SEKRIT",
        "export TOKEN SEKRIT",
        "x?token=SEKRIT",
        "https://u:SEKRIT@example.com/SEKRIT?SEKRIT#SEKRIT",
        "postgres://u:SEKRIT@h/d",
        "$(SEKRIT)",
        "`SEKRIT`",
        "a\n-----BEGIN KEY SEKRIT",
        "ghp_SEKRIT0123456789",
        "x sk-ant-SEKRIT01",
    ],
)
def test_what_is_no_path_is_not_kept_as_one(path: str) -> None:
    assert MARK not in file_of(path)
    assert all(MARK not in kept_target(name, path) for name in ("read", "edit", "bash", "webfetch", "task", "mcp_x"))


@pytest.mark.parametrize(
    "path",
    [
        "/home/dev/shop/src/Button.tsx",
        "src/routes/$id.tsx",
        "src/[id]/(group)/page.tsx",
        "My Docs/a b.md",
        "node_modules/@types/node/index.d.ts",
        "src/auth/password.ts",
        "C:\\work\\token.py",
        "src/größe.rs",
    ],
)
def test_a_path_is_kept_as_it_is(path: str) -> None:
    assert file_of(path) == path


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://u:SEKRIT@example.com:8080/SEKRIT?SEKRIT", "example.com"),
        ("http://localhost:3000/x", "localhost"),
        ("http://[::1]/", "::1"),
        ("https://SEKRIT", ""),
        ("u:SEKRIT@host", ""),
        ("https://u:SEK/RIT@example.com", ""),
        ("SEKRIT", ""),
        ("https://[SEKRIT", ""),
    ],
)
def test_of_a_url_the_host_is_kept(url: str, host: str) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    ("text", "word"),
    [
        *((each, each) for each in ("MessageAbortedError", "APIError", "UnknownError", "ProviderAuthError")),
        *((each, each) for each in ("aborted", "provider.rate_limit", "tool-calls", "content-filter", "stop")),
        *((each, "") for each in ("SEKRIT12", "sk-ant-sekrit", "hunter", "401 key SEKRIT", "correct-horse", "a" * 99)),
    ],
)
def test_an_error_is_kept_by_its_kind_if_that_is_one(text: str, word: str) -> None:
    assert word_of(text) == word


def test_names_of_agents_and_tools_are_names() -> None:
    for name in ("build", "my reviewer", "größe"):
        assert agent_of(name) == program_name(name) == name
    assert agent_of("🚀 (old)") == "🚀 (old)"  # the guard's caps go by the name that the user gave
    for text in ("https://u:SEKRIT@h", "token=SEKRIT", "sk-ant-SEKRIT0", ""):
        assert agent_of(text) == program_name(text) == ""
    assert not any(map(program_name, ("git SEKRIT", "x" * 99, "a sentence, and SEKRIT")))
    assert [tool_name(each) for each in ("bash", "github_create_issue", "mcp.x/y")]
    assert not any(map(tool_name, ("curl SEKRIT", "sk-ant-SEKRIT0", "a\nb")))


def test_what_a_tool_of_somebody_elses_was_given_is_not_kept() -> None:
    state = ["vault_write", "completed", "SEKRIT", "SEKRIT", "git SEKRIT", "https://SEKRIT.com", "SEKRIT"]
    used = tool_use("prt_1", "msg_1", "ses_1", [*state, None, None, 1, 2, None, None], '{"a": "SEKRIT"}', "SEKRIT")
    assert used.target == ""
    assert used.digest is not None


@pytest.mark.parametrize("make", GENERATIONS.values(), ids=list(GENERATIONS))
def test_no_store_brings_a_secret_into_the_ledger(make: MakeStore, tmp_path: Path) -> None:
    store = make(tmp_path)
    root = store.session("Fix header")
    uses = [tool("bash", command) for command in COMMANDS]
    uses += [tool("read", f"u:{MARK}@host/x"), tool("webfetch", f"https://{MARK}:{MARK}@example.com/{MARK}")]
    uses += [tool("apply_patch", f"*** Begin Patch\n*** Add File: psql postgres://u:{MARK}@h/d\n+{MARK}")]
    uses += [tool("task", MARK, agent=f"token={MARK}"), tool("github_token", MARK), tool(f"curl {MARK}", "x")]
    store.call(root, cost="0.20", tools=uses)
    store.call(root, error=f"401 for key {MARK}")
    ours = reader(store.data_dir)
    ours.poll()
    assert len(ours.rows("SELECT id FROM tool")) == len(uses)
    assert {"git push", "psql", "curl", "npm run deploy"} <= {row[0] for row in ours.rows("SELECT target FROM tool")}
    ours.close()
    held = b"".join(file.read_bytes() for file in ours.ledger.path.parent.iterdir())
    assert MARK.encode() not in held
    assert MARK.lower().encode() not in held.lower()


# Fingerprints


def digests(place: Path, *commands: str) -> tuple[list[int], Path]:
    """The fingerprints that a fresh ledger keeps of commands of one session, and its file."""
    store = V1(place)
    store.call(store.session("Fix header"), cost="0.20", tools=[tool("bash", command) for command in commands])
    ours = reader(store.data_dir)
    ours.poll()
    kept = [row[0] for row in ours.rows("SELECT digest FROM tool ORDER BY id")]
    ours.close()
    return kept, ours.ledger.path


def test_identical_commands_and_no_others_have_the_same_fingerprint(tmp_path: Path) -> None:
    (first, other, again), _ = digests(tmp_path, "mysql -p1234", "mysql -p1235", "mysql -p1234")
    assert first == again != other


@pytest.mark.parametrize("make", [V1, Files])
def test_a_command_is_the_same_however_it_is_described(tmp_path: Path, make: MakeStore) -> None:
    store = make(tmp_path)
    said = ("Run the tests", 'Run "all" again \\', "", "été")
    uses = [tool("bash", "npm test", exit=1, description=text) for text in said]
    uses.append(tool("bash", 'npm test, "description":"x"', exit=1))
    store.call(store.session("Fix header"), cost="0.20", tools=uses)
    ours = reader(store.data_dir)
    ours.poll()
    digests = [row[0] for row in ours.rows("SELECT count(*) FROM tool GROUP BY digest ORDER BY 1")]
    ours.close()
    assert digests == [1, 4]


def test_a_copy_of_the_ledger_does_not_show_what_a_fingerprint_is_of(tmp_path: Path) -> None:
    """Whoever has the ledger knows the session, and can try out all that a short secret may have been."""
    (kept,), ledger = digests(tmp_path, "mysql -p1234")
    (kept_elsewhere,), _ = digests(tmp_path / "other", "mysql -p1234")
    given = json.dumps({"command": "mysql -p1234"}, separators=(",", ":"))
    with closing(sqlite3.connect(ledger)) as connection:
        (session_id,) = connection.execute("SELECT session_id FROM tool").fetchone()
    guess = digest_of(session_id, given.encode())
    assert guess is not None
    assert keyed(key_of_file(ledger), guess) == kept  # the guess is right, and with the key it could be tested
    assert kept not in (guess, guess & 0xFFFFFFFF, keyed(bytes(32), guess), kept_elsewhere)
    assert stat.S_IMODE(key_file(ledger).stat().st_mode) == 0o600
    assert key_of_file(ledger) not in ledger.read_bytes()


def key_of_file(ledger: Path) -> bytes:
    return key_file(ledger).read_bytes()


def test_a_key_that_is_lost_or_broken_is_made_again(tmp_path: Path) -> None:
    _, ledger = digests(tmp_path, "ls")
    old = key_of_file(ledger)
    for break_it in (key_file(ledger).unlink, lambda: key_file(ledger).write_bytes(b"short")):
        break_it()
        fingerprints._key.cache_clear()
        with closing(sqlite3.connect(ledger)) as connection:
            new = fingerprints.key_of(connection)
        assert new == key_of_file(ledger) != old
    assert new is not None and len(new) == len(old)


def test_processes_that_make_the_key_at_once_make_one(tmp_path: Path) -> None:
    file, start, found = tmp_path / "ledger.db.key", threading.Barrier(8), []

    def make() -> None:
        start.wait(60)
        found.append(fingerprints._key.__wrapped__(file))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 8 and set(found) == {file.read_bytes()}
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
