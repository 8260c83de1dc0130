"""`opencode-tui team`: seats in config.toml, and the report on the command line."""

from __future__ import annotations

import csv
import io
import json
import os
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import pytest

from opencode_tui.analysis.report_periods import parse_week
from tests.stores import V1
from tests.support.seats import Paid, own_digest, put_alert, put_calls
from tests.support.shell import Shell

WEEK = "2026-W19"
TUESDAY = "2026-05-05"
USD = 1_000_000_000


@pytest.fixture
def config(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Path:
    shell.data_dir.mkdir(exist_ok=True)
    file = shell.home / "config.toml"
    file.write_text("# mine\n[budget]\nwarning_usd = 0.80 # kept\n", encoding="utf-8")
    monkeypatch.setenv("OPENCODE_TUI_CONFIG_FILE", str(file))
    return file


@pytest.fixture
def seats(shell: Shell) -> Path:
    """A folder with two seats, one of which ran over."""
    place = shell.home / "team"
    for name, dear in (("anna", 2 * USD + 1), ("ben", 7)):
        calls = [Paid(f"{name}_1", f"{TUESDAY} 10:00", dear), Paid(f"{name}_2", "2026-04-29 10:00", 5)]
        put_calls(place / f"{name}.db", calls, machine=name)
    put_alert(place / "anna.db", TUESDAY, "cutoff", '4× edits of a|b.tsx in "<b>Fix</b>"')
    return place


def add(shell: Shell, *words: str) -> str:
    return shell.said("team", "add", *words)


def test_a_seat_is_added_listed_and_removed_and_the_file_keeps_its_comments(
    shell: Shell, config: Path, seats: Path
) -> None:
    before = config.read_text(encoding="utf-8")
    assert "anna is a seat of the team" in add(shell, "anna", str(seats / "anna.db"))
    add(shell, "ben", str(seats / "ben.db"), "--share", "titles")
    text = config.read_text(encoding="utf-8")
    assert text.startswith(before.rstrip("\n"))
    assert tomllib.loads(text)["team"]["seats"] == {
        "anna": str(seats / "anna.db"),
        "ben": {"path": str(seats / "ben.db"), "share": "titles"},
    }
    listed = json.loads(shell.said("team", "list", "--json"))
    assert [(each["name"], each["share"], each["found"]) for each in listed["seats"]] == [
        ("anna", "sums", "2 calls"),
        ("ben", "titles", "2 calls"),
    ]
    shell.said("team", "remove", "anna")
    assert list(tomllib.loads(config.read_text(encoding="utf-8"))["team"]["seats"]) == ["ben"]
    assert (seats / "anna.db").exists()


@pytest.mark.parametrize(
    "form", ["[team]\nseats = { }\n", '[team.seats]\n"old one" = "/x.db" # kept\n', "team.share = 'titles'\n", ""]
)
def test_a_seat_is_added_to_any_form_of_the_file(shell: Shell, config: Path, seats: Path, form: str) -> None:
    config.write_text(form, encoding="utf-8")
    add(shell, "anna", str(seats / "anna.db"))
    found = tomllib.loads(config.read_text(encoding="utf-8"))["team"]["seats"]
    assert found.pop("anna") == str(seats / "anna.db")
    assert found == ({"old one": "/x.db"} if "old one" in form else {})


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("add", "anna", "/no/such.db"), 2, "there is no /no/such.db; name a ledger"),
        (("add", "a/b", "."), 2, "'a/b' is no name of a seat: it has a slash"),
        (("add", "", "."), 2, "'' is no name of a seat: it is empty; write one such as anna"),
        (("add", " a", "."), 2, "' a' is no name of a seat: it begins or ends with a blank"),
        (("add", "a\tb", "."), 2, "is no name of a seat: it has a character that cannot be shown"),
        (("add", "a" * 61, "."), 2, "is no name of a seat: it has 61 characters; write at most 60"),
        (("remove", "anna"), 2, "no seat is called 'anna'; there are none"),
        (("report",), 3, "the team has no seats yet; `opencode-tui team add NAME PATH` adds one"),
        (("report", "--week", "2026-W99"), 2, "2026-W99"),
        (("report", "--week", "2026-W19", "--month", "2026-05"), 2, "take one"),
        (("export", "-"), 2, "- is standard output, and what a seat shares is a database; name a file"),
        (("export", "/dev/full"), 2, "/dev/full is a device or a pipe, and what a seat shares is a database"),
        (("export", "/usr"), 2, "/usr is a directory, and what a seat shares is a database; name a file"),
        ((), 2, "ACTION"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    shell: Shell, config: Path, words: tuple[str, ...], code: int, sentence: str
) -> None:
    before = config.read_text(encoding="utf-8")
    given, said, error = shell.run("team", *words, places=[] if not words else None)
    assert (given, said) == (code, "")
    assert sentence in error
    assert config.read_text(encoding="utf-8") == before


def test_a_name_that_is_taken_keeps_its_path(shell: Shell, config: Path, seats: Path) -> None:
    add(shell, "anna", str(seats / "anna.db"), "--share", "titles")
    before = config.read_text(encoding="utf-8")
    code, said, error = shell.run("team", "add", "anna", str(seats / "ben.db"))
    assert (code, said) == (2, "")
    assert "anna is a seat already, with" in error and "anna.db" in error and "team remove anna` first" in error
    assert "anna is already a seat of the team" in add(shell, "anna", str(seats / "anna.db"))
    assert config.read_text(encoding="utf-8") == before
    add(shell, "anna", str(seats / "anna.db"), "--share", "sums")
    assert tomllib.loads(config.read_text(encoding="utf-8"))["team"]["seats"] == {"anna": str(seats / "anna.db")}


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("empty.db", b"", "empty.db is an empty file; name a ledger"),
        ("notes.db", b"Dear diary", "notes.db is no ledger and no export"),
        ("notes.txt", b"Dear diary", "notes.txt is no ledger and no export"),
        ("notes.csv", b"day,text\n1,2\n", "notes.csv is no export of opencode-tui's calls"),
        ("notes.jsonl", b"Dear diary\n", "call 1 in it is none; name a ledger"),
        ("image.csv", b"\xff\xd8\xff", "image.csv is no ledger and no export"),
    ],
)
def test_a_file_that_can_never_be_a_seat_is_refused(
    shell: Shell, config: Path, name: str, content: bytes, sentence: str
) -> None:
    before = config.read_text(encoding="utf-8")
    (shell.home / name).write_bytes(content)
    code, said, error = shell.run("team", "add", "anna", str(shell.home / name))
    assert (code, said) == (2, "")
    assert sentence in error
    assert config.read_text(encoding="utf-8") == before


def test_a_pipe_and_a_device_are_no_seats(shell: Shell, config: Path) -> None:
    os.mkfifo(shell.home / "pipe.db")
    for path, sentence in ((shell.home / "pipe.db", "pipe.db is a pipe"), (Path(os.devnull), "is a device")):
        code, _, error = shell.run("team", "add", "anna", str(path))
        assert code == 2
        assert sentence in error


def test_a_half_copied_ledger_and_an_empty_folder_become_seats_with_what_they_lack(
    shell: Shell, config: Path, seats: Path
) -> None:
    half = shell.home / "half.db"
    half.write_bytes((seats / "ben.db").read_bytes()[:5000])
    (shell.home / "later").mkdir()
    assert "half.db is half-copied" in add(shell, "ben", str(half))
    assert "holds no ledger and no export" in add(shell, "crew", str(shell.home / "later"))


def test_the_list_fits_the_terminal(shell: Shell, config: Path, seats: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opencode_tui.cli.team.seats.table_width", lambda *, is_wide: 60)
    long = shell.home / ("a_long_folder_" * 6)
    long.mkdir()
    add(shell, "anna", str(seats / "anna.db"))
    add(shell, "crew", str(long))
    lines = shell.said("team", "list").splitlines()
    assert max(map(len, lines)) <= 60
    assert lines[0].split()[:2] == ["seat", "path"] and lines[2].startswith("anna") and lines[2].endswith("2 calls")


def test_the_json_has_the_days_the_lines_the_causes_and_the_checksums(shell: Shell, config: Path, seats: Path) -> None:
    add(shell, "crew", str(seats))
    found = json.loads(shell.said("team", "report", "--week", WEEK, "--json"))
    assert {key: found[key] for key in ("schema_version", "week", "total_usd", "budget_usd", "before_usd")} == {
        "schema_version": 1,
        "week": WEEK,
        "total_usd": 2.000000008,
        "budget_usd": None,
        "before_usd": 0.00000001,
    }
    anna, ben = found["seats"]
    assert (anna["name"], anna["spend_usd"], anna["days"]) == ("crew/anna", 2.000000001, {TUESDAY: 2.000000001})
    assert (anna["over_warning"], anna["over_cutoff"]) == ([TUESDAY], [TUESDAY])
    assert anna["cause"] == "4× edits of a|b.tsx in a session"
    assert anna["last_call_at"].startswith("2026-05-05T10:00:00.000")
    assert (ben["over_warning"], ben["cause"], ben["trouble"]) == ([], "", "")
    assert anna["calls_sha256"] == own_digest(seats / "anna.db", parse_week(WEEK))


def test_the_checksum_is_that_of_the_seats_own_report(shell: Shell, config: Path, seats: Path) -> None:
    add(shell, "anna", str(seats / "anna.db"))
    team = json.loads(shell.said("team", "report", "--week", WEEK, "--json"))
    own = [*shell.places[:2], "--ledger", str(seats / "anna.db")]
    code, out, _ = shell.run("report", "--week", WEEK, "--json", places=own)
    assert code == 0
    assert team["seats"][0]["calls_sha256"] == json.loads(out)["calls_sha256"]


class _Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.amounts: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = dict(attrs)
        self.amounts += [found["value"] or ""] if tag == "data" else []
        self.links += [found[name] or "" for name in ("href", "src") if found.get(name)]


def test_the_page_is_one_file_without_scripts_and_network_and_has_every_seat(
    shell: Shell, config: Path, seats: Path
) -> None:
    add(shell, "<i>", str(seats), "--share", "titles")
    page = shell.home / "page.html"
    assert "$2.00 spent by 2 seats" in shell.said("team", "report", "--week", WEEK, "-o", str(page))
    text = page.read_text(encoding="utf-8")
    found = _Texts()
    found.feed(text)
    assert found.links == ["data:,"]
    assert not {"script", "i", "b", "img"} & (set(found.tags) - {"i"}) and "<i>/anna" not in text
    assert "2.000000008" in found.amounts
    assert "&lt;i&gt;/anna" in text and "&lt;b&gt;Fix&lt;/b&gt;" in text


def test_the_markdown_takes_nothing_of_a_seat_for_markdown(shell: Shell, config: Path, seats: Path) -> None:
    add(shell, "cr*ew", str(seats), "--share", "titles")
    text = shell.said("team", "report", "--week", WEEK)
    assert "**$2.000000008**" in text
    assert r"cr\*ew/anna" in text and r"a\|b.tsx" in text and "<b>" not in text
    assert "■ $2.000000001" in text


def test_the_csv_adds_up_to_the_total(shell: Shell, config: Path, seats: Path) -> None:
    add(shell, "crew", str(seats))
    rows = list(csv.DictReader(io.StringIO(shell.said("team", "report", "--week", WEEK, "--format", "csv"))))
    total = next(row for row in rows if row["section"] == "total")
    for section in ("seat", "day", "model", "project"):
        amounts = [row["spend_usd"] for row in rows if row["section"] == section]
        assert sum(int(amount.replace(".", "").ljust(10, "0")) for amount in amounts) == 2_000_000_008, section
    assert total["spend_usd"] == "2.000000008"


def test_troubles_are_said_and_do_not_stop_the_report(shell: Shell, config: Path, seats: Path) -> None:
    cut = (seats / "ben.db").read_bytes()
    (seats / "ben.db").write_bytes(cut[:5000])
    add(shell, "crew", str(seats))
    code, said, error = shell.run("team", "report", "--week", WEEK, "-o", str(shell.home / "t.md"))
    assert (code, error.count("\n")) == (0, 1)
    assert "crew/ben: ben.db is half-copied" in error
    text = (shell.home / "t.md").read_text(encoding="utf-8")
    assert "**≥$2.000000001**" in text
    assert "| not read |  |  |" in text and "| ≥$2.000000001 | ≥1 | ≥$0.000000005 |" in text
    assert "t.md: week 2026-W19, ≥$2.00 spent by 1 seat, 1 not read" in said


def test_a_seat_that_is_not_read_has_no_sums_in_any_paper(shell: Shell, config: Path, seats: Path) -> None:
    (seats / "ben.db").write_bytes((seats / "ben.db").read_bytes()[:5000])
    add(shell, "crew", str(seats))
    papers = {
        format: shell.run("team", "report", "--week", WEEK, "--format", format)[1] for format in ("json", "csv", "html")
    }
    ben = next(seat for seat in json.loads(papers["json"])["seats"] if seat["name"] == "crew/ben")
    assert (ben["spend_usd"], ben["calls"], ben["before_usd"], ben["change_usd"]) == (None, None, None, None)
    assert "half-copied" in ben["trouble"]
    rows = list(csv.DictReader(io.StringIO(papers["csv"])))
    (row,) = [row for row in rows if row["seat"] == "crew/ben"]
    assert (row["spend_usd"], row["other_usd"], row["calls"]) == ("", "", "")
    bounds = {row["section"]: row["lower_bound"] for row in rows}
    assert {bounds[name] for name in ("total", "before", "model", "project")} == {"true"}
    assert '<td class="number quiet">not read</td>' in papers["html"]
    foot = papers["html"].partition("<tfoot>")[2].partition("</tfoot>")[0]
    assert foot.count("≥$2.00") == 2, "of the day and of all"


def test_a_seat_exports_what_it_shares_and_the_own_ledger_can_be_a_seat(shell: Shell, store: V1, config: Path) -> None:
    shared, days = shell.home / "me.db", ("--from", "2026-05-01", "--to", "2026-05-13")
    assert "10 calls, shares sums" in shell.said("team", "export", str(shared))
    add(shell, "me", str(shell.ledger))
    add(shell, "copy", str(shared))
    own = json.loads(shell.said("report", *days, "--json"))
    code, out, _ = shell.run("team", "report", *days, "--json")
    found = json.loads(out)
    assert (code, found["total_usd"]) == (0, own["spend_usd"])
    assert [(each["name"], each["spend_usd"]) for each in found["seats"]] == [("me", own["spend_usd"]), ("copy", 0.0)]
    code, _, error = shell.run("team", "export", str(shell.ledger))
    assert code == 2
    assert "is the ledger" in error
