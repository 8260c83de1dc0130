"""Prices by the directory of a call, and what cannot be read of them, from the store to the screen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from opencode_tui.clock import calendar_for, now_ms
from opencode_tui.config.settings import Pricing, Settings
from opencode_tui.feed import LedgerFeed
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.pricing import files
from opencode_tui.report.readout import readout
from opencode_tui.report.states import banners
from tests.stores import V1, V2, Store, Tokens
from tests.support.ledgers import reader
from tests.support.prices import GLOBAL, cost, gw, write
from tests.support.shell import Shell, at

USED = Tokens(input=1_000_000, output=100_000)


@pytest.mark.parametrize("generation", [V1, V2], ids=["v1", "v2"])
def test_a_call_costs_what_the_configuration_of_its_directory_says(
    tmp_path: Path, generation: type[V1] | type[V2]
) -> None:
    store: Store = generation(tmp_path)
    for name, price in (("p", 3), ("q", 5)):
        write(tmp_path / name / "opencode.json", gw(m=cost(price, 7)))
        session = store.session(name, directory=str(tmp_path / name))
        store.call(session, cost="0", model="gw/m", tokens=USED)
    store.call(store.session("r", directory=str(tmp_path / "r")), cost="0", model="gw/m", tokens=USED)
    one = reader(store.data_dir)
    one.poll()
    assert one.rows("SELECT directory, list_nano FROM call ORDER BY 1") == [
        (str(tmp_path / "p"), 3_700_000_000),
        (str(tmp_path / "q"), 5_700_000_000),
        (str(tmp_path / "r"), None),
    ]
    one.close()
    listed = reader(store.data_dir, tmp_path / "second/ledger.db", settings=Settings(pricing=Pricing(prefer="list")))
    listed.poll()
    assert listed.totals.spend_nano == 9_400_000_000
    listed.close()


def test_a_poll_that_finds_nothing_new_looks_at_no_price(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = V1(tmp_path)
    write(tmp_path / "p/opencode.json", gw(m=cost(3, 7)))
    session = store.session("p", directory=str(tmp_path / "p"))
    for _ in range(100):
        store.call(session, cost="0", model="gw/m", tokens=USED)
    one, looked = reader(store.data_dir), list[Path]()

    def counted(path: Path) -> files.Mark:
        looked.append(path)
        return files.file_mark(path)

    for module in ("opencode_config", "models_cache"):
        monkeypatch.setattr(f"opencode_tui.pricing.{module}.file_mark", counted)
    one.poll()
    assert looked
    most = 2 * len(set(looked))
    assert len(looked) <= most
    looked.clear()
    for _ in range(3):
        one.poll()
    assert looked == []
    store.call(session, cost="0", model="gw/m", tokens=USED)
    one.poll()
    assert 0 < len(looked) <= most
    one.close()


class TestCommands:
    @pytest.fixture
    def broken(self, shell: Shell) -> tuple[Path, Path]:
        return write(shell.home / GLOBAL, '{"key": "SEKRIT" '), write(shell.home / "p/opencode.json", '["SEKRIT"]')

    @pytest.fixture
    def used(self, shell: Shell) -> V1:
        """A call of today, whichever day that is."""
        store = V1(shell.home)
        store.call(store.session("p", directory=str(shell.home / "p")), cost="0.5", at=now_ms())
        return store

    @pytest.mark.parametrize("command", ["sync", "today"])
    def test_a_broken_configuration_is_said_each_time(
        self, shell: Shell, used: V1, broken: tuple[Path, Path], command: str
    ) -> None:
        for _ in range(2):
            code, out, err = shell.run(command)
            assert code == 0
            assert len(err.splitlines()) == 2
            for path, line in zip(broken, err.splitlines(), strict=True):
                assert str(path) in line
            assert "SEKRIT" not in out + err
        assert "SEKRIT" not in shell.run("watch", "--once")[2]
        assert "prices that cannot be read: 2" in shell.run("today")[1]

    @pytest.mark.parametrize("content", ["{", '{"acme": 3}', '{"acme": {"models": {"m": {"cost": "free"}}}}'])
    def test_a_broken_list_of_opencodes_is_said_each_time(self, shell: Shell, used: V1, content: str) -> None:
        path = write(shell.home / ".cache/opencode/models.json", content)
        for command in ("sync", "today", "sync"):
            code, _, err = shell.run(command)
            assert (code, len(err.splitlines())) == (0, 1)
            assert str(path) in err

    def test_scripts_get_the_sentences(self, shell: Shell, used: V1, broken: tuple[Path, Path]) -> None:
        for command in ("sync", "today"):
            said = json.loads(shell.run(command, "--json")[1])["price_problems"]
            assert [str(path) in line for path, line in zip(broken, said, strict=True)] == [True, True]


def test_the_dashboard_shows_it_until_it_is_mended(tmp_path: Path) -> None:
    file = write(tmp_path / "config/opencode/opencode.json", "{")
    store = V1(tmp_path)
    project = write(tmp_path / "p/opencode.json", "{")
    store.call(store.session("p", directory=str(project.parent)), cost="0.5", at=at("12:00"))
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    settings, moment = Settings(data_dirs=(store.data_dir,), timezone="UTC"), [at("12:01")]
    feed = LedgerFeed(lambda: Ledger(tmp_path / "ledger.db"), settings, environ, lambda: moment[0])
    snapshot = feed.poll(lambda _: None)
    assert snapshot is not None
    assert [str(path) in said for path, said in zip((file, project), snapshot.price_problems, strict=True)] == [
        True
    ] * 2
    assert "2" in readout(snapshot)[-1]
    (banner,) = [said for said in banners(snapshot, None, calendar_for("UTC")) if "price" in said.text(40)]
    assert str(file) in banner.text(500)
    assert len(banner.text(12)) <= 12
    file.write_text("{}")
    project.write_text("{}")
    moment[0] += 61_000
    mended = feed.poll(lambda _: None)
    assert mended is not None
    assert mended.price_problems == ()
    feed.close()
