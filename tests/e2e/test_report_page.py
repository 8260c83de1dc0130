"""The report's page in a real browser: on a phone, on a desktop, in the dark, on paper, and without network."""

from __future__ import annotations

import os
import re
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from opencode_tui.cli import main
from opencode_tui.clock import now_ms
from tests.e2e.chromium import Browser
from tests.stores import V1
from tests.support.hostile import fill
from tests.support.ledgers import lay_out
from tests.support.shell import OPUS, at

PHONE, DESKTOP = 360, 1200
_CONTRAST = """
(() => {
  const linear = v => v / 255 <= .03928 ? v / 255 / 12.92 : ((v / 255 + .055) / 1.055) ** 2.4;
  const light = rgb => .2126 * linear(rgb[0]) + .7152 * linear(rgb[1]) + .0722 * linear(rgb[2]);
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  const all = [...document.querySelectorAll('p, li, td, th, h1, h2, dd, dt, b, strong')];
  const texts = all.filter(e => e.textContent.trim());
  return Math.min(...texts.map(e => { const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))];
    return (Math.max(a, b) + .05) / (Math.min(a, b) + .05); }));
})()
"""


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("OPENCODE_TUI_", "XDG_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("OPENCODE_TUI_TIMEZONE", "UTC")


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A week with every band, a long title, and a model's name without a blank."""
    store = V1(tmp_path)
    session = store.session("Fix header of the checkout page " * 9, created=at("09:00"))
    for number in range(9):
        store.call(session, cost="0.11", model=OPUS, at=at(f"09:1{number}"))
    store.call(session, cost="1.60", model=f"local/{'qwen3-coder-' * 12}", at=at("12:00"))
    return written(tmp_path, tmp_path / "ledger.db", store.data_dir, "--week", "2026-W20")


def written(place: Path, ledger: Path, data_dir: Path, *period: str) -> Path:
    file = place / "report.html"
    assert main(["report", *period, "-o", str(file), "--data-dir", str(data_dir), "--ledger", str(ledger)]) == 0
    return file


@pytest.mark.parametrize("width", [PHONE, 320, DESKTOP])
def test_nothing_is_wider_than_the_screen(width: int, browser: Browser, page: Path) -> None:
    browser.open(page, width)
    assert browser.value("document.documentElement.scrollWidth") <= width
    wide = "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1"
    assert browser.value(f"{wide} && !e.closest('.wide')).map(e => e.tagName + e.textContent.slice(0, 40))") == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_can_be_read_in_light_and_dark(dark: bool, browser: Browser, page: Path) -> None:
    browser.open(page, PHONE, dark=dark)
    assert browser.value(_CONTRAST) >= 4.5
    background = browser.value("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", background))) < 200) is dark


def test_no_request_leaves_and_no_script_runs(browser: Browser, page: Path) -> None:
    browser.requests.clear()
    browser.open(page, DESKTOP)
    assert browser.requests == [page.as_uri()]
    assert browser.value("document.scripts.length") == 0


def test_the_charts_are_drawn_from_the_same_numbers(browser: Browser, page: Path) -> None:
    browser.open(page, DESKTOP)
    box = "getBoundingClientRect()"
    bars = browser.value(f"[...document.querySelectorAll('.chart rect.bar')].map(e => e.{box}.height)")
    line = browser.value(f"document.querySelector('.chart line.cutoff').{box}.y")
    axis = browser.value(f"document.querySelector('.chart line.axis').{box}.y")
    assert [bool(height) for height in bars] == [False, False, True, False, False, False, False]
    assert bars[2] / (axis - line) == pytest.approx(2.59 / 1.50, rel=0.02)
    shares = browser.value(f"[...document.querySelectorAll('.stack rect')].map(e => e.{box}.width)")
    assert shares[0] / sum(shares) == pytest.approx(1.60 / 2.59, rel=0.01)


def test_it_prints(browser: Browser, page: Path) -> None:
    browser.open(page, DESKTOP, dark=True)
    printed = browser.printed()
    assert printed.startswith(b"%PDF-") and len(printed) > 10_000
    browser.send("Emulation.setEmulatedMedia", media="print")
    try:
        assert browser.value("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    finally:
        browser.send("Emulation.setEmulatedMedia", media="")


def test_the_worst_ledger_makes_a_page_that_fits_a_phone(browser: Browser, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.db"
    lay_out(ledger)
    fill(ledger, now_ms(), depth=50)
    page = written(tmp_path, ledger, tmp_path, "--from", "2020-01-01")
    browser.requests.clear()
    browser.open(page, PHONE)
    assert browser.value("document.documentElement.scrollWidth") <= PHONE
    assert browser.requests == [page.as_uri()]


@pytest.mark.parametrize("days", [7, 8, 10, 28, 30, 31, 92, 400, 3000])
@pytest.mark.parametrize("width", [PHONE, 390])
def test_the_labels_of_the_chart_stand_apart_on_a_phone(
    width: int, days: int, browser: Browser, tmp_path: Path
) -> None:
    store, last = V1(tmp_path), date(2026, 5, 31)
    session = store.session("Fix header", created=at("09:00"))
    for back in {*range(0, days, max(days // 40, 1)), days - 1}:
        store.call(session, cost="12.34", at=at("09:10", last - timedelta(days=back)))
    period = ("--from", f"{last - timedelta(days=days - 1)}", "--to", f"{last}")
    browser.open(written(tmp_path, tmp_path / "ledger.db", store.data_dir, *period), width)
    for kind in ("label", "amount"):
        boxes = f"[...document.querySelectorAll('.chart .{kind}')].map(e => e.getBoundingClientRect())"
        places = browser.value(f"{boxes}.map(box => [box.left, box.right])")
        assert places or kind == "amount"
        assert all(before[1] + 2 <= after[0] for before, after in pairwise(places)), (kind, places)
