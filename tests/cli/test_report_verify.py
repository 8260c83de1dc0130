"""`report --verify`: holds each format against the ledger, names the days that differ, and trusts no other file."""

from __future__ import annotations

import hashlib
import json
from contextlib import closing
from pathlib import Path

import pytest

from opencode_tui.cli import EXIT_OK, EXIT_TROUBLE
from opencode_tui.cli.options.shared import REPORT_FORMATS
from opencode_tui.cli.report import EXIT_DIFFERS
from opencode_tui.ledger.digests import DIGEST_FIELDS
from opencode_tui.ledger.ledger import Ledger
from tests.stores import V1
from tests.support.shell import OPUS, Shell, ago, assert_one_sentence, at

W20 = ("report", "--week", "2026-W20")
HOLDS = "week 2026-W20: the ledger still says so, $0.90 in 9 calls\n"


@pytest.fixture(autouse=True)
def _on_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opencode_tui.cli.report.now_ms", lambda: at("14:23"))


@pytest.fixture
def papers(shell: Shell, store: V1) -> list[Path]:
    """Last week's report in each format."""
    files = [shell.home / f"week.{format}" for format in REPORT_FORMATS]
    for file in files:
        shell.said(*W20, "-o", str(file))
    return files


def verified(shell: Shell, paper: Path, *more: str) -> tuple[int, str]:
    code, out, err = shell.run("report", "--verify", str(paper), *more)
    assert err == ""
    return code, out


def test_a_paper_holds_as_long_as_the_ledger_has_the_same_calls(shell: Shell, store: V1, papers: list[Path]) -> None:
    store.fork(next(iter(store.sessions)), at=at("15:00"))
    store.call(next(iter(store.sessions)), cost="5", at=at("10:00", ago(-7)))
    for paper in papers:
        assert verified(shell, paper) == (EXIT_OK, HOLDS)


def test_the_days_that_differ_are_named_with_what_was_and_what_is(shell: Shell, store: V1, papers: list[Path]) -> None:
    first = next(iter(store.sessions))
    store.call(first, cost="0.000000001", at=at("23:59", ago(2)))
    store.call(first, cost="1", at=at("00:00", ago(1)))
    said = (
        "week 2026-W20: the ledger no longer says so, 2 days differ:\n"
        "  Mon 11 May 2026: was $0.40 in 1 call, is $0.400000001 in 2 calls\n"
        "  Tue 12 May 2026: was $0.00 in 0 calls, is $1.00 in 1 call\n"
        "  total: was $0.90 in 9 calls, is $1.900000001 in 11 calls\n"
    )
    for paper in papers:
        assert verified(shell, paper) == (EXIT_DIFFERS, said)
    code, out = verified(shell, papers[0], "--json")
    told = json.loads(out)
    assert (code, told["schema_version"], told["holds"]) == (EXIT_DIFFERS, 1, False)
    assert told["days"] == [
        {"day": "2026-05-11", "was": {"spend_usd": 0.4, "calls": 1}, "is": {"spend_usd": 0.400000001, "calls": 2}},
        {"day": "2026-05-12", "was": {"spend_usd": 0.0, "calls": 0}, "is": {"spend_usd": 1.0, "calls": 1}},
    ]


def test_other_tokens_for_the_same_money_are_a_difference(shell: Shell, papers: list[Path]) -> None:
    ledger = Ledger(shell.ledger)
    with closing(ledger), ledger.writing() as connection:
        connection.execute("UPDATE call SET input = input + 1 WHERE created_ms = ?", (at("10:01"),))
    code, out = verified(shell, papers[0])
    assert code == EXIT_DIFFERS
    assert "Wed 13 May 2026: was and is $0.50 in 8 calls, but they are not the same calls" in out


def test_days_are_those_of_the_paper_whatever_the_zone_is_now(
    shell: Shell, store: V1, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENCODE_TUI_TIMEZONE", "Pacific/Auckland")
    paper, long = shell.home / "week.md", shell.home / "long.csv"
    shell.said(*W20, "-o", str(paper))
    shell.said("report", "--from", "2025-01-01", "--to", "2026-05-12", "-o", str(long))
    monkeypatch.setenv("OPENCODE_TUI_TIMEZONE", "America/New_York")
    assert verified(shell, paper)[0] == EXIT_OK == verified(shell, long)[0]
    store.call(next(iter(store.sessions)), cost="0.25", at=at("12:00", ago(100)))
    code, out = verified(shell, long)
    assert code == EXIT_DIFFERS
    assert "Mon 2 Feb 2026: was $0.00 in 0 calls, is $0.25 in 1 call" in out


def test_a_copy_that_mail_or_git_made_still_holds(shell: Shell, papers: list[Path]) -> None:
    for paper in papers:
        paper.write_bytes(b"\xef\xbb\xbf" + paper.read_bytes().replace(b"\n", b"\r\n") + b"\r\n")
        assert verified(shell, paper) == (EXIT_OK, HOLDS)
    told = json.loads(papers[2].read_text(encoding="utf-8-sig"))
    papers[2].write_text(json.dumps(told))
    assert verified(shell, papers[2]) == (EXIT_OK, HOLDS)


def test_a_paper_that_was_changed_is_not_trusted(shell: Shell, papers: list[Path]) -> None:
    for paper in papers:
        text = paper.read_text()
        half = len(text) // 2
        swaps = (("0.5", "0.4"), ("Fix header", "Fix footer"), ("2026-05-13", "2026-05-14"))
        changed = [text.replace(was, now, 1) for was, now in swaps]
        assert text not in changed
        for each in (*changed, text[:half], text[half:], text + "more"):
            paper.write_text(each)
            code, out, err = shell.run("report", "--verify", str(paper))
            assert (code, out) == (EXIT_TROUBLE, ""), (paper, each)
            assert_one_sentence(err, paper.name, "write it again")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\xff\xfe",
        b"# A page of somebody else's\n",
        b'{"proof": 1}',
        b'{"proof": {"schema_version": 1}}',
        b"[1, 2]",
        b"{" * 50_000,
        b'{"a":' * 50_000,
        b"[" * 50_000,
        b"section,key",
        b"<!-- opencode-tui report: {} -->",
        b"<!-- opencode-tui report: {x} -->",
        b'{"proof": {"schema_version": 99}}',
    ],
)
def test_a_foreign_file_is_one_sentence(content: bytes, shell: Shell) -> None:
    file = shell.home / "other"
    file.write_bytes(content)
    code, out, err = shell.run("report", "--verify", str(file))
    assert (code, out) == (EXIT_TROUBLE, "")
    assert_one_sentence(err, "other", "write it again")


def test_a_proof_that_was_made_up_does_not_hold(shell: Shell, papers: list[Path]) -> None:
    text = papers[2].read_text()
    for key, value in (
        *(("days", []), ("days", "x"), ("sha256", "0" * 64), ("start_ms", 1 << 70), ("end_ms", 0)),
        *(("first", "yesterday"), ("fields", ["id"]), ("paper_sha256", None)),
    ):
        told = json.loads(text)
        told["proof"][key] = value
        papers[2].write_text(json.dumps(told))
        code, out, err = shell.run("report", "--verify", str(papers[2]))
        assert (code, out) == (EXIT_TROUBLE, ""), (key, value)
        assert_one_sentence(err, "week.json", "proof" if key not in ("days", "sha256", "paper_sha256") else "")


def test_what_cannot_be_read_is_one_sentence(shell: Shell) -> None:
    for name, words in (("nowhere.md", "cannot be read (No such file"), (".", "cannot be")):
        code, out, err = shell.run("report", "--verify", str(shell.home / name))
        assert (code, out) == (EXIT_TROUBLE, "")
        assert_one_sentence(err, words)


def test_the_digest_is_what_sqlite_and_sha256sum_say(shell: Shell, store: V1) -> None:
    odd = 'ses\t"quote" \\ é 日本 \x1f \u2028 </script>'
    store.call(store.session("odd"), cost="0.01", model=f"local/{odd}", agent=odd, at=at("12:00"))
    store.fork(next(iter(store.sessions)), at=at("12:30"))
    told = json.loads(shell.said(*W20, "--json"))
    query = (
        f"SELECT json_array({', '.join(DIGEST_FIELDS)}) FROM call WHERE created_ms >= ? AND created_ms < ?"
        " AND copied_from IS NULL ORDER BY created_ms, id"
    )
    with closing(Ledger(shell.ledger)) as ledger:
        rows = ledger.connection.execute(query, (told["proof"]["start_ms"], told["proof"]["end_ms"])).fetchall()
    assert len(rows) == 10
    lines = "".join(f"{row[0]}\n" for row in rows)
    assert told["calls_sha256"] == hashlib.sha256(lines.encode()).hexdigest()


def test_a_calls_model_is_in_its_digest(shell: Shell, papers: list[Path]) -> None:
    with closing(Ledger(shell.ledger)) as ledger, ledger.writing() as connection:
        connection.execute("UPDATE call SET model = 'other' WHERE provider = ?", (OPUS.partition("/")[0],))
    assert verified(shell, papers[0])[0] == EXIT_DIFFERS
