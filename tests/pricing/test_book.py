"""Whose price counts, and when it is read anew."""

from __future__ import annotations

import json
import os
from hashlib import sha1
from pathlib import Path

import pytest

from opencode_tui.pricing.book import price_call
from opencode_tui.records.calls import Tokens
from tests.support.prices import USD, book, cost, flat, models_json, opencode_json, write


class TestSources:
    def test_the_configuration_comes_before_the_cache_and_the_cache_before_the_bundled_list(
        self, tmp_path: Path
    ) -> None:
        listed = book(tmp_path).lookup("anthropic", "claude-sonnet-4-5")
        assert listed and listed.source.startswith("list 20")
        models_json(tmp_path, anthropic={"claude-sonnet-4-5": cost(70, 71)})
        cached = book(tmp_path).lookup("anthropic", "claude-sonnet-4-5")
        assert cached and (cached.source, cached.input) == ("models.json", 70 * USD)
        opencode_json(tmp_path, "anthropic", **{"claude-sonnet-4-5": cost(80, 81)})
        own = book(tmp_path).lookup("anthropic", "claude-sonnet-4-5")
        assert own and (own.source, own.input) == ("opencode.json", 80 * USD)

    def test_a_model_that_the_cache_lacks_is_still_in_the_bundled_list(self, tmp_path: Path) -> None:
        models_json(tmp_path, anthropic={"claude-next": cost()})
        assert book(tmp_path).lookup("anthropic", "claude-sonnet-4-5") is not None

    def test_a_local_provider_has_no_price_though_others_have_one_for_its_model(self, tmp_path: Path) -> None:
        models_json(tmp_path, acme={"qwen3-coder:30b": cost()})
        opencode_json(tmp_path, "local", **{"qwen3-coder:30b": {"limit": {"context": 32_000}}})
        prices = book(tmp_path)
        assert prices.lookup("local", "qwen3-coder:30b") is None
        assert prices.context_limit("local", "qwen3-coder:30b") == 32_000

    def test_names_are_exact(self, tmp_path: Path) -> None:
        models_json(tmp_path, acme={"m": cost()})
        prices = book(tmp_path)
        assert prices.lookup("acme", "m")
        assert [prices.lookup(p, m) for p, m in (("Acme", "m"), ("acme", "M"), ("acme", "m-high"))] == [None] * 3

    def test_a_missing_cache_price_is_nothing(self, tmp_path: Path) -> None:
        models_json(tmp_path, acme={"m": cost(3, 15), "n": cost(3, 15, cache_read=0.3)})
        prices = book(tmp_path)
        assert flat(prices.lookup("acme", "m")) == (3, 15, 0, 0)
        assert flat(prices.lookup("acme", "n")) == (3, 15, 0.3, 0)

    def test_a_tier_missing_a_price_charges_nothing_for_it(self, tmp_path: Path) -> None:
        tier = {"input": 6, "output": 20, "tier": {"type": "context", "size": 100_000}}
        models_json(tmp_path, acme={"m": cost(3, 15, cache_read=0.3, tiers=[tier])})
        rates = book(tmp_path).lookup("acme", "m")
        assert rates and flat(rates.at(100_001)) == (6, 20, 0, 0)

    @pytest.mark.parametrize("size", [128_000, 200_000, 272_000])
    def test_a_models_own_tiers_alone_count_beside_the_old_context_over_200k(self, tmp_path: Path, size: int) -> None:
        tier = {"input": 9, "output": 9, "tier": {"type": "context", "size": size}}
        models_json(tmp_path, acme={"m": cost(tiers=[tier], context_over_200k={"input": 5, "output": 5})})
        rates = book(tmp_path).lookup("acme", "m")
        assert rates and [tier.above for tier in rates.tiers] == [size]
        assert rates.at(250_000).input == (9 if size < 250_000 else 1) * USD

    @pytest.mark.parametrize("tiers", [[], None, [{"input": 9, "output": 9, "tier": {"type": "hour", "size": 5}}]])
    def test_without_tiers_of_its_own_the_old_one_counts(self, tmp_path: Path, tiers: object) -> None:
        models_json(tmp_path, acme={"m": cost(tiers=tiers, context_over_200k={"input": 5, "output": 5})})
        rates = book(tmp_path).lookup("acme", "m")
        assert rates and [tier.above for tier in rates.tiers] == [200_000]

    def test_a_mode_with_a_tier_of_either_form_inherits_none(self, tmp_path: Path) -> None:
        tier = {"input": 9, "output": 9, "tier": {"type": "context", "size": 272_000}}
        modes = {"fast": cost(10, 20, context_over_200k={"input": 40, "output": 50}), "slow": cost(1, 1)}
        models_json(tmp_path, acme={"m": {"id": "m", **cost(tiers=[tier]), "experimental": {"modes": modes}}})
        fast, slow = (book(tmp_path).lookup("acme", f"m-{mode}") for mode in ("fast", "slow"))
        assert fast and [tier.above for tier in fast.tiers] == [200_000]
        assert slow and [tier.above for tier in slow.tiers] == [272_000]

    def test_250_000_tokens_below_a_tier_of_272_000_cost_the_flat_price(self, tmp_path: Path) -> None:
        over = {"input": 8, "output": 30, "cache_read": 0.8, "cache_write": 10}
        tier = {**over, "tier": {"type": "context", "size": 272_000}}
        sol = cost(4, 20, cache_read=0.4, cache_write=5, tiers=[tier], context_over_200k=over)
        models_json(tmp_path, openai={"sol": sol})
        used = Tokens(input=250_000, output=1_000)
        assert price_call(used, "openai", "sol", 0, book(tmp_path), "recorded").list_nano == 1_020_000_000

    def test_a_number_that_no_computer_holds_hides_its_own_model_only(self, tmp_path: Path) -> None:
        text = json.dumps({"acme": {"models": {"bad": cost(7777), "good": cost(1, 2)}}}).replace("7777", "9" * 5_000)
        write(tmp_path / ".cache/opencode/models.json", text)
        prices = book(tmp_path)
        assert prices.lookup("acme", "bad") is None
        assert flat(prices.lookup("acme", "good")) == (1, 2, 0, 0)
        assert "acme/bad" in prices.problems[0]

    def test_a_tier_of_another_kind_than_context_is_left_out(self, tmp_path: Path) -> None:
        tier = {"input": 9, "output": 9, "tier": {"type": "hour", "size": 5}}
        models_json(tmp_path, acme={"m": cost(tiers=[tier])})
        rates = book(tmp_path).lookup("acme", "m")
        assert rates and rates.tiers == ()

    def test_a_mode_is_a_model_with_its_own_price(self, tmp_path: Path) -> None:
        modes = {"fast": cost(10, 20), "pro": {}}
        model = {"id": "m", **cost(1, 2, cache_read=0.5), "experimental": {"modes": modes}}
        models_json(tmp_path, acme={"m": model})
        prices = book(tmp_path)
        assert flat(prices.lookup("acme", "m-fast")) == (10, 20, 0, 0)
        assert flat(prices.lookup("acme", "m-pro")) == (1, 2, 0.5, 0)

    @pytest.mark.parametrize("broken", ["NaN", "Infinity", "-1", '"3"', "true", "[]", "1e400", "9e12"])
    @pytest.mark.parametrize("part", ["input", "cache_write"])
    def test_a_price_that_is_none_is_skipped_and_the_others_stay(self, tmp_path: Path, part: str, broken: str) -> None:
        bad = json.dumps(cost(cache_write=1)).replace(f'"{part}": 1', f'"{part}": {broken}')
        text = f'{{"acme": {{"models": {{"bad": {bad}, "good": {json.dumps(cost())}}}}}}}'
        write(tmp_path / ".cache/opencode/models.json", text)
        prices = book(tmp_path)
        assert prices.lookup("acme", "bad") is None
        assert flat(prices.lookup("acme", "good")) == (1, 2, 0, 0)

    @pytest.mark.parametrize("content", ["", "{", "[]", "null", "\x00\x01", "[" * 200_000])
    def test_a_broken_cache_knows_nothing_and_stops_nothing(self, tmp_path: Path, content: str) -> None:
        path = write(tmp_path / ".cache/opencode/models.json", content)
        prices = book(tmp_path)
        assert prices.lookup("acme", "m") is None
        assert prices.lookup("anthropic", "claude-sonnet-4-5") is not None
        (problem,) = prices.problems
        assert str(path) in problem

    @pytest.mark.parametrize(
        ("content", "named"),
        [
            ('{"acme": 3}', "acme"),
            ('{"message": "Not Found"}', "message"),
            ('{"acme": {"models": []}}', "acme"),
            ('{"acme": {"models": {"m": 1}}}', "acme/m"),
            ('{"acme": {"models": {"m": {"cost": 3}}}}', "acme/m"),
            ('{"acme": {"models": {"m": {"cost": {"input": "1", "output": 2}}}}}', "acme/m"),
            ('{"acme": {"models": {"m": {"cost": {"input": 1, "tiers": [{"tier": {"type": "context"}}]}}}}}', "acme/m"),
        ],
    )
    def test_what_of_the_cache_cannot_be_read_is_named_though_nobody_asked_for_it(
        self, tmp_path: Path, content: str, named: str
    ) -> None:
        path = write(tmp_path / ".cache/opencode/models.json", content)
        prices = book(tmp_path)
        (problem,) = prices.look()
        assert problem == f"OpenCode's price list {path} has entries that cannot be read: {named}."
        assert prices.lookup("acme", "m") is None
        assert prices.problems == (problem,)

    def test_three_broken_entries_are_named_and_the_others_counted(self, tmp_path: Path) -> None:
        models_json(tmp_path, acme={f"m{n}": cost(-1) for n in range(5)})
        (problem,) = book(tmp_path).look()
        assert problem.endswith(": acme/m0, acme/m1, acme/m2 and 2 more.")

    @pytest.mark.parametrize("content", ["{}", '{"acme": {}}', '{"acme": {"models": {"m": {"cost": {}, "limit": 5}}}}'])
    def test_a_model_without_a_price_is_no_problem(self, tmp_path: Path, content: str) -> None:
        write(tmp_path / ".cache/opencode/models.json", content)
        prices = book(tmp_path)
        assert prices.look() == ()
        assert prices.lookup("acme", "m") is None

    def test_bytes_that_are_no_text_and_a_folder_in_its_place_are_problems_too(self, tmp_path: Path) -> None:
        (tmp_path / ".cache/opencode/models.json").mkdir(parents=True)
        (tmp_path / ".config/opencode").mkdir(parents=True)
        (tmp_path / ".config/opencode/opencode.json").write_bytes(b"\xff\xfe{}")
        prices = book(tmp_path)
        assert prices.lookup("acme", "m") is None
        assert len(prices.problems) == 2

    def test_absent_files_are_no_problem(self, tmp_path: Path) -> None:
        prices = book(tmp_path)
        assert prices.lookup("acme", "m") is None
        assert prices.problems == ()


class TestConfiguration:
    def test_a_part_that_it_does_not_price_is_the_lists(self, tmp_path: Path) -> None:
        tier = {"input": 9, "output": 9, "tier": {"type": "context", "size": 9}}
        models_json(tmp_path, acme={"m": cost(1, 2, cache_read=0.1, cache_write=0.5, tiers=[tier])})
        opencode_json(tmp_path, "acme", m=cost(7, 8, cache_write=0))
        rates = book(tmp_path).lookup("acme", "m")
        assert flat(rates) == (7, 8, 0.1, 0)
        assert rates and rates.tiers == ()

    def test_its_own_tiers_count(self, tmp_path: Path) -> None:
        opencode_json(tmp_path, "acme", m=cost(1, 2, context_over_200k={"input": 3, "output": 4}))
        rates = book(tmp_path).lookup("acme", "m")
        assert rates and flat(rates.at(200_001)) == (3, 4, 0, 0)

    def test_a_model_under_another_name_costs_what_its_id_does_at_the_same_provider(self, tmp_path: Path) -> None:
        models_json(tmp_path, acme={"m": {**cost(1, 2), "limit": {"context": 9000}}}, other={"m": cost(5, 6)})
        opencode_json(tmp_path, "acme", mine={"id": "m"})
        prices = book(tmp_path)
        assert flat(prices.lookup("acme", "mine")) == (1, 2, 0, 0)
        assert prices.context_limit("acme", "mine") == 9000

    @pytest.mark.parametrize("broken", ["3", -3, True, {}])
    def test_a_broken_price_leaves_the_lists(self, tmp_path: Path, broken: object) -> None:
        models_json(tmp_path, acme={"m": cost(1, 2)})
        opencode_json(tmp_path, "acme", m=cost(broken, 8))
        rates = book(tmp_path).lookup("acme", "m")
        assert rates and (rates.source, rates.output) == ("models.json", 2 * USD)

    def test_its_files_are_merged_and_the_later_one_wins(self, tmp_path: Path) -> None:
        folder = tmp_path / ".config/opencode"
        for name, model in (
            ("config.json", cost(1, 1, cache_read=0.1)),
            ("opencode.json", {"cost": {"output": 2}, "limit": {"context": 5}}),
            ("opencode.jsonc", {"cost": {"input": 3}}),
        ):
            write(folder / name, {"provider": {"acme": {"models": {"m": model}}}})
        rates = book(tmp_path).lookup("acme", "m")
        assert flat(rates) == (3, 2, 0.1, 0)
        assert rates and rates.context == 5

    def test_a_broken_file_is_named_and_the_others_are_read(self, tmp_path: Path) -> None:
        opencode_json(tmp_path, "acme", m=cost(1, 2))
        broken = write(tmp_path / ".config/opencode/opencode.jsonc", '{"provider": {"secret-key": }')
        prices = book(tmp_path)
        assert flat(prices.lookup("acme", "m")) == (1, 2, 0, 0)
        (problem,) = prices.problems
        assert str(broken) in problem
        assert "secret-key" not in problem

    def test_comments_do_not_hide_its_prices(self, tmp_path: Path) -> None:
        text = '{"provider": {"acme": {"models": {"m": {"cost": {"input": 1, /* new */ "output": 2,},},},},},}'
        write(tmp_path / ".config/opencode/opencode.jsonc", "\ufeff// mine\n" + text)
        assert flat(book(tmp_path).lookup("acme", "m")) == (1, 2, 0, 0)

    def test_the_environment_says_where_it_is(self, tmp_path: Path) -> None:
        def content(price: int) -> dict[str, object]:
            return {"provider": {"acme": {"models": {"m": cost(price, 0)}}}}

        write(tmp_path / "xdg/opencode/opencode.json", content(1))
        environ = {"XDG_CONFIG_HOME": str(tmp_path / "xdg")}
        assert flat(book(tmp_path, **environ).lookup("acme", "m"))[0] == 1
        environ["OPENCODE_CONFIG"] = str(write(tmp_path / "extra.json", content(2)))
        assert flat(book(tmp_path, **environ).lookup("acme", "m"))[0] == 2
        environ["OPENCODE_CONFIG_DIR"] = str(write(tmp_path / "dir/opencode.jsonc", content(3)).parent)
        assert flat(book(tmp_path, **environ).lookup("acme", "m"))[0] == 3
        environ["OPENCODE_CONFIG_CONTENT"] = json.dumps(content(4))
        assert flat(book(tmp_path, **environ).lookup("acme", "m"))[0] == 4

    def test_a_list_from_another_address_has_a_file_of_its_own(self, tmp_path: Path) -> None:
        models_json(tmp_path, acme={"m": cost(1, 0)})
        address = "http://127.0.0.1:1/x/"
        name = f"models-{sha1(address.encode()).hexdigest()}.json"
        write(tmp_path / ".cache/opencode" / name, {"acme": {"models": {"m": cost(2, 0)}}})
        assert flat(book(tmp_path, OPENCODE_MODELS_URL=address).lookup("acme", "m"))[0] == 2
        assert book(tmp_path, OPENCODE_MODELS_URL="http://127.0.0.1:1/x").lookup("acme", "m") is None
        for usual in ("", "https://models.opencode.ai"):
            assert flat(book(tmp_path, OPENCODE_MODELS_URL=usual).lookup("acme", "m"))[0] == 1

    def test_the_environment_says_where_the_cache_is(self, tmp_path: Path) -> None:
        write(tmp_path / "c/opencode/models.json", {"acme": {"models": {"m": cost(1, 0)}}})
        given = write(tmp_path / "given.json", {"acme": {"models": {"m": cost(2, 0)}}})
        cache = str(tmp_path / "c")
        assert flat(book(tmp_path, XDG_CACHE_HOME=cache).lookup("acme", "m"))[0] == 1
        here = book(tmp_path, XDG_CACHE_HOME=cache, OPENCODE_MODELS_PATH=str(given))
        assert flat(here.lookup("acme", "m"))[0] == 2


class TestRefresh:
    def test_a_price_stays_until_refresh_sees_that_its_file_has_changed(self, tmp_path: Path) -> None:
        models_json(tmp_path, acme={"m": {**cost(1, 2), "limit": {"context": 10}}})
        prices = book(tmp_path)
        assert flat(prices.lookup("acme", "m"))[0] == 1
        assert prices.context_limit("acme", "m") == 10
        assert not prices.refresh()
        models_json(tmp_path, acme={"m": {**cost(3.5, 2), "limit": {"context": 200}}})
        assert flat(prices.lookup("acme", "m"))[0] == 1
        assert prices.refresh()
        assert flat(prices.lookup("acme", "m"))[0] == 3.5
        assert prices.context_limit("acme", "m") == 200
        assert not prices.refresh()

    def test_a_file_of_the_same_size_and_time_put_in_its_place_is_seen(self, tmp_path: Path) -> None:
        path = opencode_json(tmp_path, "acme", m=cost(1, 2))
        prices = book(tmp_path)
        assert flat(prices.lookup("acme", "m"))[0] == 1
        stat = path.stat()
        other = write(tmp_path / "other.json", path.read_text().replace('"input": 1', '"input": 4'))
        os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        other.replace(path)
        assert prices.refresh()
        assert flat(prices.lookup("acme", "m"))[0] == 4

    def test_a_file_that_comes_and_goes_is_seen(self, tmp_path: Path) -> None:
        prices = book(tmp_path)
        assert prices.lookup("acme", "m") is None
        path = opencode_json(tmp_path, "acme", m=cost(1, 2))
        assert prices.refresh()
        assert prices.lookup("acme", "m") is not None
        path.unlink()
        assert prices.refresh()
        assert prices.lookup("acme", "m") is None

    def test_a_problem_is_gone_with_its_cause(self, tmp_path: Path) -> None:
        write(tmp_path / ".cache/opencode/models.json", "{")
        prices = book(tmp_path)
        assert prices.lookup("acme", "m") is None
        assert prices.problems
        models_json(tmp_path, acme={"m": cost()})
        prices.refresh()
        assert prices.lookup("acme", "m") is not None
        assert prices.problems == ()
