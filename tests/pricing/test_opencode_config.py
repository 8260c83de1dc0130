"""OpenCode's configuration, read as OpenCode reads it. What a test says of it was seen on 1.18.34 or 2.0.15."""

from __future__ import annotations

import json
from pathlib import Path
from typing import ClassVar

import pytest

from opencode_tui.config.settings import Pricing
from opencode_tui.pricing import files
from opencode_tui.pricing.book import PriceBook
from opencode_tui.pricing.config_places import ConfigPlaces
from tests.support.prices import GLOBAL, USD, book, cost, flat, gw, models_json, opencode_json, price_of, write


class TestNames:
    def test_a_model_costs_what_the_one_it_names_does_in_the_same_file(self, tmp_path: Path) -> None:
        opencode_json(tmp_path, "gw", m1=cost(3, 7), thinking={"id": "m1"}, again={"id": "thinking"})
        prices = book(tmp_path)
        assert price_of(prices, "thinking") == price_of(prices, "again") == (3, 7, 0, 0)

    def test_it_does_so_before_the_one_that_it_names_as_well(self, tmp_path: Path) -> None:
        opencode_json(tmp_path, "gw", again={"id": "thinking"}, thinking={"id": "m1"}, m1=cost(3, 7))
        prices = book(tmp_path)
        assert price_of(prices, "thinking") == price_of(prices, "again") == (3, 7, 0, 0)

    def test_an_id_that_nobody_knows_leaves_the_price_of_its_own_key(self, tmp_path: Path) -> None:
        key = "anthropic.claude-sonnet-4-5-20250929-v1:0"
        opencode_json(tmp_path, "amazon-bedrock", **{key: {"id": f"us-gov.{key}"}})
        rates = book(tmp_path).lookup("amazon-bedrock", key)
        assert flat(rates) == (3, 15, 0.3, 3.75)

    def test_its_own_price_comes_first_and_a_part_that_it_lacks_is_the_named_ones(self, tmp_path: Path) -> None:
        models_json(tmp_path, gw={"base": cost(1, 2, cache_read=0.5)})
        opencode_json(tmp_path, "gw", m={"id": "base", **cost(9, 8)})
        assert price_of(book(tmp_path)) == (9, 8, 0.5, 0)

    @pytest.mark.parametrize("ids", [("m", "n"), ("n", "n"), ("n", "m"), ("", None)])
    def test_names_that_run_in_a_circle_have_no_price(self, tmp_path: Path, ids: tuple[str | None, ...]) -> None:
        opencode_json(tmp_path, "gw", m={"id": ids[0]}, n={"id": ids[1]})
        prices = book(tmp_path)
        assert [prices.lookup("gw", model) for model in ("m", "n")] == [None, None]
        assert prices.context_limit("gw", "m") is None

    def test_a_chain_of_a_thousand_names_is_followed(self, tmp_path: Path) -> None:
        chain = {f"m{at}": {"id": f"m{at + 1}"} for at in range(1_000)}
        opencode_json(tmp_path, "gw", **chain, m1000=cost(3, 7))
        assert price_of(book(tmp_path), "m0") == (3, 7, 0, 0)


class TestPlaces:
    def test_what_the_administrator_set_comes_last(self, tmp_path: Path) -> None:
        opencode_json(tmp_path, "gw", mm=cost(1, 1), m=cost(5, 5))
        write(tmp_path / "etc/opencode.json", gw(mm=cost(2, 9)))
        write(tmp_path / "etc/opencode.jsonc", gw(mm={"cost": {"output": 10}}))
        environ = {"OPENCODE_TEST_MANAGED_CONFIG_DIR": str(tmp_path / "etc")}
        prices = book(tmp_path, **environ, OPENCODE_CONFIG_CONTENT=json.dumps(gw(mm=cost(7, 7))))
        assert price_of(prices, "mm") == (2, 10, 0, 0)
        assert price_of(prices) == (5, 5, 0, 0)

    @pytest.mark.parametrize(("platform", "folder"), [("linux", "/etc"), ("darwin", "/Library/Application Support")])
    def test_where_the_administrator_sets_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, folder: str
    ) -> None:
        monkeypatch.setattr("sys.platform", platform)
        places = ConfigPlaces({}, tmp_path).of("", lambda _: False)
        assert places[-2:] == [Path(folder, "opencode", name) for name in ("opencode.json", "opencode.jsonc")]

    @pytest.mark.parametrize("git", [True, False])
    def test_a_projects_files_count_up_to_its_worktree_and_in_it_alone(self, tmp_path: Path, git: bool) -> None:
        repository = tmp_path / "work/repo"
        deep = repository / "pkg"
        contents = {
            tmp_path / "work/opencode.json": gw(a=cost(9, 9), above=cost(1, 1)),
            repository / "opencode.json": gw(a=cost(1, 1), b=cost(1, 1), m=cost(6, 6)),
            repository / "opencode.jsonc": gw(b=cost(2, 2)),
            deep / "opencode.json": gw(a=cost(3, 3), c=cost(3, 3)),
            repository / ".opencode/opencode.json": gw(c=cost(4, 4), d=cost(4, 4)),
            deep / ".opencode/opencode.json": gw(d=cost(5, 5)),
        }
        for path, content in contents.items():
            write(path, content)
        (repository / ".git").mkdir() if git else None
        opencode_json(tmp_path, "gw", m=cost(7, 7, cache_read=1))
        prices = book(tmp_path)
        # Nearer files win, and the outermost .opencode directory over the nearer ones.
        seen = {name: price_of(prices, name, deep)[0] for name in "abcdm"}
        assert seen == {"a": 3, "b": 2, "c": 4, "d": 4, "m": 6}
        assert price_of(prices, "m", deep) == (6, 6, 1, 0)
        assert (prices.lookup("gw", "above", str(deep)) is None) == git
        assert price_of(prices) == price_of(prices, "m", tmp_path / "elsewhere") == (7, 7, 1, 0)
        assert prices.lookup("gw", "a") is None
        assert prices.context_limit("gw", "a", str(deep)) is None

    def test_a_project_may_set_one_part_of_a_price(self, tmp_path: Path) -> None:
        opencode_json(tmp_path, "gw", m=cost(3, 7, context_over_200k={"input": 6, "output": 9}))
        over = {"context_over_200k": {"output": 10}}
        write(tmp_path / "p/opencode.json", gw(m={"cost": {"output": 8, **over}}))
        rates = book(tmp_path).lookup("gw", "m", str(tmp_path / "p"))
        assert flat(rates) == (3, 8, 0, 0)
        assert rates and flat(rates.at(200_001)) == (6, 10, 0, 0)

    @pytest.mark.parametrize(("set_to", "price"), [("1", 1), ("TRUE", 1), ("0", 2), ("", 2)])
    def test_project_files_can_be_turned_off(self, tmp_path: Path, set_to: str, price: int) -> None:
        opencode_json(tmp_path, "gw", m=cost(1, 1))
        write(tmp_path / "p/opencode.json", gw(m=cost(2, 2)))
        prices = book(tmp_path, OPENCODE_DISABLE_PROJECT_CONFIG=set_to)
        assert price_of(prices, "m", tmp_path / "p")[0] == price

    def test_what_is_relative_is_so_to_the_directory_of_the_call(self, tmp_path: Path) -> None:
        inline = json.dumps(gw(n=cost(7777, 2))).replace("7777", "{file:k}")
        for name, price in (("p", 3), ("q", 4)):
            write(tmp_path / name / "rel.json", gw(m=cost(price, 2)))
            write(tmp_path / name / "k", str(price))
        prices = book(tmp_path, OPENCODE_CONFIG="rel.json", OPENCODE_CONFIG_CONTENT=inline)
        for name, price in (("p", 3), ("q", 4)):
            for model in "mn":
                assert price_of(prices, model, tmp_path / name) == (price, 2, 0, 0)

    def test_the_directory_that_a_variable_names_comes_after_the_projects(self, tmp_path: Path) -> None:
        for place, price in (("p/.opencode", 1), (".opencode", 2), ("dir", 3)):
            write(tmp_path / place / "opencode.json", gw(m=cost(price, price)))
        (tmp_path / "p/.git").mkdir()
        assert price_of(book(tmp_path), "m", tmp_path / "p")[0] == 2
        prices = book(tmp_path, OPENCODE_CONFIG_DIR=str(tmp_path / "dir"))
        assert price_of(prices, "m", tmp_path / "p")[0] == 3

    @pytest.mark.parametrize("odd", ["relative/p", "", "/no/such\0place", "/" + "deep/" * 190])
    def test_a_directory_that_is_none_leaves_what_counts_everywhere(self, tmp_path: Path, odd: str) -> None:
        opencode_json(tmp_path, "gw", m=cost(1, 2))
        assert price_of(book(tmp_path), "m", odd) == (1, 2, 0, 0)

    def test_a_projects_prices_are_looked_at_once_a_refresh_and_not_once_a_call(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = write(tmp_path / "p/opencode.json", gw(m=cost(1, 2)))
        prices, looked = book(tmp_path), []
        real = files.file_mark
        counted = lambda path: looked.append(path) or real(path)  # type: ignore[func-returns-value]  # noqa: E731
        monkeypatch.setattr("opencode_tui.pricing.opencode_config.file_mark", counted)
        for _ in range(1_000):
            assert price_of(prices, "m", file.parent) == (1, 2, 0, 0)
        once = len(looked)
        assert once == len(set(looked))
        write(file, gw(m=cost(3, 2)))
        assert price_of(prices, "m", file.parent) == (1, 2, 0, 0)
        assert len(looked) == once
        prices.refresh()
        assert price_of(prices, "m", file.parent) == (3, 2, 0, 0)


class TestSecondGeneration:
    content: ClassVar = {
        "providers": {
            "gw": {
                "package": "aisdk:@ai-sdk/openai-compatible",
                "models": {
                    "m": {"cost": {"input": 3, "output": 7, "cache": {"read": 0.5}}, "limit": {"context": 1000}},
                    "al": {"modelID": "m"},
                    "tiered": {
                        "cost": [
                            {"input": 1, "output": 2},
                            {"tier": {"type": "context", "size": 5000}, "input": 3, "output": 4},
                        ]
                    },
                },
            },
            "mine": {"canonical": "openai", "models": {"gpt-5": {}, "other": {"modelID": "gpt-5"}}},
        },
        "provider": {"gw": {"models": {"old": cost(1, 1)}}, "leg": {"models": {"lm": cost(2, 3)}}},
    }

    def test_its_providers_are_read_and_stand_for_those_of_the_old_name(self, tmp_path: Path) -> None:
        write(tmp_path / GLOBAL, self.content)
        prices = book(tmp_path)
        assert price_of(prices) == price_of(prices, "al") == (3, 7, 0.5, 0)
        assert prices.context_limit("gw", "m") == 1000
        tiered = prices.lookup("gw", "tiered")
        assert tiered and flat(tiered.at(5_000)) == (1, 2, 0, 0)
        assert flat(tiered.at(5_001)) == (3, 4, 0, 0)
        assert prices.lookup("gw", "old") is None
        assert flat(prices.lookup("leg", "lm")) == (2, 3, 0, 0)

    def test_a_provider_can_be_another_by_its_own_name(self, tmp_path: Path) -> None:
        write(tmp_path / GLOBAL, self.content)
        prices = book(tmp_path)
        gpt = prices.lookup("openai", "gpt-5")
        assert gpt is not None
        assert prices.lookup("mine", "gpt-5") == prices.lookup("mine", "other") == gpt

    def test_a_later_price_replaces_all_of_an_earlier_one(self, tmp_path: Path) -> None:
        write(tmp_path / GLOBAL, self.content)
        later = {
            "providers": {"gw": {"models": {name: {"cost": {"input": 8, "output": 9}} for name in ("m", "tiered")}}}
        }
        write(tmp_path / "p/opencode.json", later)
        prices = book(tmp_path)
        assert price_of(prices, "m", tmp_path / "p") == (8, 9, 0, 0)
        tiered = prices.lookup("gw", "tiered", str(tmp_path / "p"))
        assert tiered and tiered.tiers == ()

    @pytest.mark.parametrize("broken", ["3", 5, [{"input": 1}], {"input": "SEKRIT", "output": 1}, [None, "x"]])
    def test_a_price_that_is_none_is_said(self, tmp_path: Path, broken: object) -> None:
        write(
            tmp_path / GLOBAL,
            {"providers": {"gw": {"models": {"m": {"cost": broken}, "n": {"cost": {"input": 1, "output": 2}}}}}},
        )
        prices = book(tmp_path)
        assert prices.lookup("gw", "m") is None
        assert price_of(prices, "n") == (1, 2, 0, 0)
        (problem,) = prices.problems
        assert "gw/m" in problem
        assert "SEKRIT" not in problem


def test_what_counts_everywhere_is_read_by_a_look(tmp_path: Path) -> None:
    broken = write(tmp_path / GLOBAL, "{")
    project = write(tmp_path / "p/opencode.json", "[]")
    prices = PriceBook(Pricing(), {}, tmp_path)
    assert prices.problems == ()
    assert [str(file) in said for file, said in zip((broken, project), prices.look([str(tmp_path / "p")]), strict=True)]
    write(broken, gw(m=cost(1, 2)))
    write(project, "{}")
    assert prices.look() == ()
    found = prices.lookup("gw", "m")
    assert found and found.input == USD
