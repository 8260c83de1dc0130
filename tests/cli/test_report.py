"""`report`: the same figures in every format to the nano-dollar, the same bytes whenever it is asked, and its files."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from contextlib import closing
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from opencode_tui.cli import EXIT_OK, EXIT_TROUBLE, EXIT_USAGE
from opencode_tui.cli.options.shared import REPORT_FORMATS
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.money import NANO, nano_from_usd
from opencode_tui.report.call_words import exact_usd
from tests.stores import V1
from tests.support.shell import OPUS, Shell, ago, assert_one_sentence, at, forked

W20 = ("report", "--week", "2026-W20")
DAYS = [f"2026-05-{day}" for day in range(11, 18)]
RANKED = ("model", "provider", "project", "agent", "task")


@pytest.fixture(autouse=True)
def _on_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_at(monkeypatch, at("14:23"))


def stop_at(monkeypatch: pytest.MonkeyPatch, moment_ms: int) -> None:
    monkeypatch.setattr("opencode_tui.cli.report.now_ms", lambda: moment_ms)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


class Page(HTMLParser):
    """The amounts and the tags of a page, and its text by table row."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.amounts: list[int] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self._in_cell = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self._in_cell = True
        elif tag == "data":
            self.amounts.append(nano_from_usd(dict(attrs)["value"] or ""))

    def handle_endtag(self, tag: str) -> None:
        self._in_cell &= tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._in_cell:
            self.rows[-1][-1] += data.strip()


def test_every_format_has_the_same_figures_which_are_the_truth(shell: Shell, store: V1) -> None:
    forked(store)
    told = json.loads(shell.said(*W20, "--format", "json"))
    days = [(at("00:00", date(2026, 5, day)), at("00:00", date(2026, 5, day + 1))) for day in range(11, 18)]
    truth = {day: store.truth.between(*span) for day, span in zip(DAYS, days, strict=True)}
    assert {day["day"]: nano_from_usd(day["spend_usd"]) for day in told["days"]} == truth
    assert nano_from_usd(told["spend_usd"]) == sum(truth.values())
    figures = {
        by: {group["key"]: (nano_from_usd(group["spend_usd"]), group["calls"]) for group in told[f"{by}s"]["top"]}
        for by in RANKED
    }
    for by in RANKED:
        assert sum(nano for nano, _ in figures[by].values()) == sum(truth.values())
        assert sum(calls for _, calls in figures[by].values()) == told["calls"]

    table = rows(shell.said(*W20, "--format", "csv"))
    assert {row["key"]: nano_from_usd(row["spend_usd"]) for row in table if row["section"] == "day"} == truth
    for by in RANKED:
        of = [row for row in table if row["section"] == by]
        assert {row["key"]: (nano_from_usd(row["spend_usd"]), int(row["calls"])) for row in of} == figures[by]

    markdown = shell.said(*W20)
    page = Page(shell.said(*W20, "--format", "html"))
    for nano in (sum(truth.values()), *truth.values(), *(nano for by in RANKED for nano, _ in figures[by].values())):
        assert exact_usd(nano) in markdown
        assert nano in page.amounts
    for by in RANKED:
        for key, (nano, calls) in figures[by].items():
            assert re.search(rf"\| {re.escape(key)} \| {re.escape(exact_usd(nano))} \| \S+% \| {calls} \|", markdown)
            assert [key, str(calls)] in [[row[0], row[-1]] for row in page.rows]


def test_the_command_below_a_table_shows_the_same_figures(shell: Shell, store: V1) -> None:
    forked(store)
    for period in (("--week", "2026-W20"), ("--from", "2026-05-10", "--to", "2026-05-12")):
        told = json.loads(shell.said("report", *period, "--json"))
        commands = re.findall(r"(?m)^`opencode-tui (usage .+)`$", shell.said("report", *period))
        assert [command.rpartition(" ")[2] for command in commands] == ["day", *RANKED]
        page = shell.said("report", *period, "--format", "html")
        assert all(f">opencode-tui {each}<" in page for each in commands)
        for command, by in zip(commands[1:], RANKED, strict=True):
            usage = shell.json(*command.split())
            assert (usage["spend_usd"], usage["calls"]) == (told["spend_usd"], told["calls"])
            groups = [(group["key"], group["spend_usd"], group["calls"]) for group in usage["groups"]]
            assert groups == [(each["key"], each["spend_usd"], each["calls"]) for each in told[f"{by}s"]["top"]]


def test_the_report_as_json_is_exactly_the_contract(shell: Shell, store: V1, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENCODE_TUI_TIMEZONE", "UTC")
    told = json.loads(shell.said("report", "--json"))
    assert " ".join(told) == (
        "schema_version period spend_usd lower_bound target_usd week_target_usd warning_usd cutoff_usd before list_usd"
        " calls copied_calls sessions root_sessions subagents tokens days models providers projects agents tasks"
        " costliest_sessions other_sessions shipped insights other_insights alerts other_alerts beside method"
        " calls_sha256 proof"
    )
    assert told["schema_version"] == 1
    assert told["period"] == {
        "from": "2026-05-04",
        "to": "2026-05-10",
        "label": "2026-W19",
        "timezone": "UTC",
        "is_over": True,
    }
    assert (told["spend_usd"], told["target_usd"], told["calls"]) == (9.99, 7.0, 1)
    assert told["days"][-1] == {
        "day": "2026-05-10",
        "spend_usd": 9.99,
        "lower_bound": False,
        "band": "cutoff",
        "before_ledger": False,
        "calls": 1,
        "calls_sha256": told["proof"]["days"][-1]["sha256"],
    }
    assert [(day["band"], day["before_ledger"]) for day in told["days"][:-1]] == [("calm", True)] * 6
    assert told["before"] == {
        "label": "2026-W18",
        "spend_usd": 0.0,
        "lower_bound": False,
        "same_point_usd": 0.0,
        "ledger_begins": "2026-05-10",
    }
    (session,) = told["costliest_sessions"]
    assert (session["title"], session["total_usd"], session["own_usd"]) == ("Fix header", 9.99, 9.99)
    assert len(told["method"]) == 3


def test_what_stands_beside_the_total_is_said(shell: Shell, store: V1) -> None:
    forked(store)
    told = json.loads(shell.said(*W20, "--json"))
    assert told["beside"]["not_billed"] == {"calls": 1, "list_usd": told["list_usd"]}
    assert told["beside"]["forked"] == {"calls": 7, "paid_in_original_usd": 0.7}
    assert told["list_usd"] > 0
    for format in ("md", "html"):
        said = Page(shell.said(*W20, "--format", format)).text
        assert "Not billed: 1 call would have cost" in said
        assert "Forked: 7 calls copied by forks had cost $0.70" in said


def test_a_month_has_its_days_and_its_part_of_the_target(shell: Shell, store: V1) -> None:
    told = json.loads(shell.said("report", "--month", "2026-05", "--json"))
    assert (len(told["days"]), told["target_usd"], told["spend_usd"]) == (31, 31.0, 10.89)
    longer = json.loads(shell.said("report", "--from", "2025-01-01", "--json"))
    assert [day["day"] for day in longer["days"]] == ["2026-05-10", "2026-05-11", "2026-05-13"]
    assert "<svg" in shell.said("report", "--from", "2025-01-01", "--format", "html")


def test_the_same_ledger_gives_the_same_bytes_at_any_moment(
    shell: Shell, store: V1, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.call(next(iter(store.sessions)), cost="0.10", at=at("14:22"), completed=False)
    stop_at(monkeypatch, at("00:00", date(2026, 5, 18)))
    before = {format: shell.said(*W20, "--format", format) for format in REPORT_FORMATS}
    stop_at(monkeypatch, at("09:00", ago(-400)))
    monkeypatch.setenv("LC_ALL", "tr_TR.UTF-8")
    for format in REPORT_FORMATS:
        file = shell.home / f"week.{format}"
        shell.said(*W20, "-o", str(file))
        assert file.read_text(encoding="utf-8") == before[format] == shell.said(*W20, "--format", format)


def test_another_ledger_of_the_same_store_gives_the_same_bytes(shell: Shell, store: V1) -> None:
    forked(store)
    store.call(next(iter(store.sessions)), cost="0.10", at=at("10:00", ago(31)))
    before = [shell.said(*W20, "--format", format) for format in REPORT_FORMATS]
    store.call(store.session("earlier"), cost="0.10", at=at("10:00", ago(30)))
    other = ["--data-dir", str(shell.data_dir), "--ledger", str(shell.home / "other" / "ledger.db")]
    for format, text in zip(REPORT_FORMATS, before, strict=True):
        assert shell.run(*W20, "--format", format, places=other) == (EXIT_OK, text, "")


def test_what_was_undone_is_of_the_ledger_and_stays_when_the_store_is_gone(shell: Shell, store: V1) -> None:
    session, first = store.session("Wrong way"), ""
    for _ in range(3):
        turn = store.prompt(session)
        first = first or turn
        store.call(session, turn=turn, cost="0.400000001")
    before = shell.said(*W20, "--format", "json")
    assert json.loads(before)["beside"]["undone"]["calls"] == 0
    store.revert(session, first)
    shell.said("sync")
    told = json.loads(shell.said(*W20, "--format", "json"))
    undone = told["beside"]["undone"]
    (insight,) = [each for each in told["insights"] if each["rule"] == "undone_calls"]
    assert (undone["calls"], nano_from_usd(undone["spend_usd"])) == (3, 1_200_000_003)
    assert (insight["calls"], nano_from_usd(insight["cost_usd"])) == (3, 1_200_000_003)
    figures = json.loads(shell.said("reconcile", "--json"))["figures"]
    (cause,) = [each for each in figures["messages"]["explained"] if each["cause"] == "undone"]
    assert (cause["calls"], nano_from_usd(cause["usd"])) == (3, 1_200_000_003)
    store.close()
    for file in shell.data_dir.glob("opencode.db*"):
        file.unlink()
    gone = json.loads(shell.run(*W20, "--format", "json")[1])
    assert (gone["beside"]["undone"], gone["insights"]) == (undone, told["insights"])


def test_a_week_that_has_not_begun_says_so(shell: Shell, store: V1) -> None:
    said = shell.said("report", "--week", "2027-W01")
    assert "not begun, on Wed 13 May" in said and "so far" not in said and "same point" not in said


def test_an_empty_ledger_makes_a_paper_too(shell: Shell) -> None:
    V1(shell.home)
    for format in REPORT_FORMATS:
        said = shell.said("report", "--format", format)
        assert "2026-W19" in said
    assert "Nothing was spent" in shell.said("report")


EVIL = "<script>alert(1)</script> <img src=x> | `a` [x](http://evil) **b** =cmd|calc --> \"q\" 's'"


@pytest.fixture
def evil(store: V1) -> V1:
    """Titles, models, agents and projects that are markup everywhere."""
    session = store.session(EVIL, created=at("12:00"), directory=f"/home/dev/{EVIL}")
    store.call(session, cost="0.60", model=f"{EVIL}/{EVIL}", agent=EVIL, at=at("12:01"))
    store.call(store.session("=1+1", created=at("12:00")), cost="0.50", agent="@sum", at=at("12:02"))
    return store


def test_foreign_text_is_escaped_in_the_page(shell: Shell, evil: V1) -> None:
    text = shell.said(*W20, "--format", "html")
    page = Page(text)
    assert EVIL in page.text
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "img", "a", "iframe", "object", "form", "b1"}
    assert "<script" not in text and "<img" not in text
    assert {value for _, attributes in page.tags for name, value in attributes.items() if name in ("src", "href")} == {
        "data:,"
    }
    assert "url(" not in text and "@import" not in text
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on") or name == "style"]
    assert "default-src 'none'" in text


def test_foreign_text_is_nothing_but_text_in_markdown(shell: Shell, evil: V1) -> None:
    text = shell.said(*W20)
    body = text.partition("<!-- opencode-tui report")[0]
    assert "<" not in body and "-->" not in body and "**b**" not in body and not re.search(r"(?<!\\)]\(", body)
    for line in body.splitlines():
        if line.startswith(("| &lt;", "| /home/dev/&lt;")):
            assert len(re.findall(r"(?<!\\)\|", line)) == 5


def test_a_spreadsheet_evaluates_nothing(shell: Shell, evil: V1) -> None:
    table = rows(shell.said(*W20, "--format", "csv"))
    assert "'=1+1" in {row["name"] for row in table} and "'@sum" in {row["key"] for row in table}
    assert not [value for row in table for value in row.values() if value.startswith(("=", "+", "@"))]


def test_a_file_names_its_format_and_a_directory_the_file(shell: Shell, store: V1) -> None:
    place = shell.home / "reports"
    place.mkdir()
    assert shell.said("report", "--format", "html", "-o", str(place)) == (
        "~/reports/opencode-costs-2026-W19.html: week 2026-W19, $9.99 spent\n"
    )
    shell.said("report", "--from", "2026-05-10", "--to", "2026-05-13", "-o", f"{place}/", "--json")
    for name in ("a.html", "a.csv", "a.json", "a.md", "a"):
        shell.said("report", "-o", str(place / name))
    found = {file.name: file.read_text()[:9] for file in place.iterdir()}
    assert found == {
        "opencode-costs-2026-W19.html": "<!doctype",
        "opencode-costs-2026-05-10_2026-05-13.json": '{\n  "sche',
        "a.html": "<!doctype",
        "a.csv": "section,k",
        "a.json": '{\n  "sche',
        "a.md": "# What Op",
        "a": "# What Op",
    }
    assert shell.said("report", "-o", "-") == (place / "a").read_text()


def test_a_file_is_replaced_as_a_whole_or_stays(shell: Shell, store: V1, monkeypatch: pytest.MonkeyPatch) -> None:
    file, link = shell.home / "week.md", shell.home / "latest.md"
    file.write_text("before")
    file.chmod(0o640)
    link.symlink_to(file)
    shell.said("report", "-o", str(link))
    assert file.read_text().startswith("# What") and link.is_symlink() and file.stat().st_mode & 0o777 == 0o640

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    before = file.read_text()
    code, out, err = shell.run(*W20, "-o", str(file))
    assert (code, out) == (EXIT_TROUBLE, "")
    assert_one_sentence(err, "week.md cannot be written (No space left on device)")
    assert file.read_text() == before
    assert not [each for each in shell.home.iterdir() if each.name.startswith("week.md.")]


def test_a_place_that_cannot_be_written_is_one_sentence(shell: Shell, store: V1) -> None:
    for place in ("nowhere/week.md", "nowhere/", "opencode/opencode.db/week.md"):
        code, out, err = shell.run("report", "-o", f"{shell.home}/{place}")
        assert (code, out) == (EXIT_TROUBLE, "")
        assert_one_sentence(err, "cannot be written", "name another place with -o")


def test_a_wrong_command_line_is_one_sentence(shell: Shell, store: V1) -> None:
    for argv, words in (
        (("--week", "19"), "is not a week"),
        (("--month", "2026-13"), "is not a month"),
        (("--from", "x"), "is not a day"),
        (("--to", "2026-05-13"), "--to needs --from"),
        (("--week", "2026-W19", "--month", "2026-05"), "take one"),
        (("--week", "2026-W19", "--to", "2026-05-13"), "take one"),
        (("--from", "2026-05-13", "--to", "2026-05-04"), "swap them"),
        (("--json", "--format", "csv"), "leave one of them out"),
        (("-o", ""), "-o needs the name"),
        (("-o", "x.pdf"), "no format ends with '.pdf'"),
        (("--verify", ""), "--verify needs the name"),
        (("--verify", "week.md", "--week", "2026-W19"), "takes the period from the file"),
    ):
        code, out, err = shell.run("report", *argv)
        assert (code, out) == (EXIT_USAGE, "")
        assert_one_sentence(err, words)


def test_lines_and_target_are_those_of_the_settings(shell: Shell, store: V1, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENCODE_TUI_BUDGET__WARNING_USD", "0.45")
    monkeypatch.setenv("OPENCODE_TUI_BUDGET__WEEK_TARGET_USD", "0.50")
    told = json.loads(shell.said(*W20, "--json"))
    assert [day["band"] for day in told["days"]] == ["calm", "calm", "warning", *["calm"] * 4]
    assert (told["warning_usd"], told["target_usd"]) == (0.45, 0.5)
    said = shell.said(*W20)
    assert "180% of the target $0.50, $0.40 over" in said
    assert "| Wed 13 May | $0.50 | 8 | ▲ warning |" in said


def test_what_cannot_be_read_makes_lower_bounds(shell: Shell, store: V1) -> None:
    shell.said("sync")
    ledger = Ledger(shell.ledger)
    with closing(ledger), ledger.writing() as connection:
        insert = "INSERT INTO unreadable SELECT id, 'message', 'msg_x', 'cost is no number', ? FROM store LIMIT 1"
        connection.execute(insert, (at("12:00"),))
    code, out, _ = shell.run(*W20, "--format", "html")
    assert code == EXIT_OK
    assert "≥$0.50" in out and "$0.40</data>" in out and "could not be read" in out


def test_many_groups_end_with_the_others(shell: Shell, store: V1) -> None:
    session = next(iter(store.sessions))
    for number in range(12):
        store.call(session, cost=f"0.0{number + 10}", model=f"local/model-{number}", at=at(f"12:{number + 10}"))
    told = json.loads(shell.said(*W20, "--json"))
    models = told["models"]
    assert (len(models["top"]), models["others"]["groups"]) == (8, 6)
    parts = [*models["top"], models["others"]]
    assert sum(nano_from_usd(each["spend_usd"]) for each in parts) == nano_from_usd(told["spend_usd"])
    assert sum(each["calls"] for each in parts) == told["calls"]
    said = shell.said(*W20)
    assert "| 6 others |" in said
    usage = shell.said("usage", "--period", "2026-W20", "--by", "model")
    rows_of_usage = {line.split()[0]: re.findall(r"\d+%", line) for line in usage.splitlines() if "%" in line}
    shares = dict(re.findall(r"\| (local/model-\d+) \| \S+ \| (\d+%) \|", said))
    assert len(shares) > 5
    assert {key: rows_of_usage[key][0] for key in shares} == shares


def test_amounts_are_exact_to_the_nano_dollar(shell: Shell, store: V1) -> None:
    store.call(next(iter(store.sessions)), cost="0.000000001", model=OPUS, at=at("13:00"))
    assert json.loads(shell.said(*W20, "--json"))["spend_usd"] == (900 * NANO // 1000 + 1) / NANO
    assert "**$0.900000001**" in shell.said(*W20)


def test_a_pipe_is_written_to_like_standard_output(shell: Shell, store: V1, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading) as pipe:
        assert shell.said("report", "-o", f"/dev/fd/{writing}") == ""
        os.close(writing)
        assert pipe.read() == shell.said("report")
    assert shell.said("report", "--format", "md", "-o", str(tmp_path / "x.pdf")).endswith("spent\n")
