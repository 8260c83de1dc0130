"""`{env:NAME}` and `{file:path}` in OpenCode's configuration, as 1.18.34 replaces them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from opencode_tui.pricing.book import price_call
from opencode_tui.records.calls import Tokens
from tests.support.prices import GLOBAL, book, cost, gw, models_json, price_of, write

CASE = """{
  "$schema": "https://opencode.ai/config.json",
  // prices that the team keeps elsewhere
  "provider": {
    "gw": { "npm": "@ai-sdk/openai-compatible", "name": "Gateway",
      "options": { "baseURL": "http://127.0.0.1:18765/v1", "apiKey": "{file:./key.txt}" },
      "models": {
        "m1": { "cost": { "input": {env:PRICE_IN}, "output": {file:./price_out.txt} }, "limit": { "context": 9 } },
        "alias": { "name": "Alias", "id": "{env:REAL_MODEL}" },
      } }
  }
}
"""


def text_of(price: str) -> str:
    return json.dumps(gw(m=cost(7777, 2))).replace("7777", price)


class TestTokens:
    def test_prices_from_the_environment_and_from_files_count(self, tmp_path: Path) -> None:
        file = write(tmp_path / GLOBAL, CASE)
        write(file.parent / "key.txt", "SEKRIT")
        write(file.parent / "price_out.txt", "7\n")
        prices = book(tmp_path, PRICE_IN="3", REAL_MODEL="m1")
        used = Tokens(input=1_000_000, output=100_000)
        for model in ("m1", "alias"):
            assert price_call(used, "gw", model, 0, prices, "recorded").list_nano == 3_700_000_000
        assert prices.problems == ()

    @pytest.mark.parametrize(
        ("token", "price"),
        [
            ("{env:P}", 3),
            ("{env:P}.5", 3.5),
            ("{file:four}", 4),
            ("{file:./sub/../four}", 4),
            ("{file:~/five}", 5),
            ("{file:ROOT/five}", 5),
            ("{file:{env:FOLDER}/six}", 6),
            ("{env:TOKEN}", 4),
            ("1{env:NONE}", 1),
        ],
    )
    def test_a_token_is_replaced_before_the_text_is_parsed(self, tmp_path: Path, token: str, price: float) -> None:
        file = write(tmp_path / GLOBAL, text_of(token.replace("ROOT", str(tmp_path))))
        write(file.parent / "four", "\ufeff 4 \r\n")
        write(tmp_path / "five", "5")
        write(file.parent / "sub/six", "6")
        prices = book(tmp_path, P="3", FOLDER="./sub", TOKEN="{file:four}")
        assert price_of(prices) == (price, 2, 0, 0)
        assert prices.problems == ()

    def test_a_files_content_is_the_inside_of_a_string(self, tmp_path: Path) -> None:
        content = gw(m={"name": "{file:odd}", **cost(1, 2)})
        file = write(tmp_path / GLOBAL, content)
        write(file.parent / "odd", 'a "quote" \\ and\na line {env:NONE} {file:none}')
        prices = book(tmp_path)
        assert price_of(prices) == (1, 2, 0, 0)
        assert prices.problems == ()

    @pytest.mark.parametrize("comment", ["// {file:none}\n", "  // x {file:none} {env:NONE}\n"])
    def test_a_token_on_a_line_that_is_a_comment_is_none(self, tmp_path: Path, comment: str) -> None:
        write(tmp_path / GLOBAL, comment + text_of("1"))
        prices = book(tmp_path)
        assert price_of(prices) == (1, 2, 0, 0)
        assert prices.problems == ()

    @pytest.mark.parametrize("start", ["{ // {file:none}\n", "{ /* {file:none} */", '{ "x": "{file:none}",'])
    def test_a_missing_file_is_named_and_the_prices_stay(self, tmp_path: Path, start: str) -> None:
        file = write(tmp_path / GLOBAL, start + text_of("1")[1:])
        prices = book(tmp_path)
        assert price_of(prices) == (1, 2, 0, 0)
        (problem,) = prices.problems
        assert str(file) in problem
        assert "{file:none}" in problem

    @pytest.mark.parametrize("token", ["{env:NONE}", "{file:none}"])
    def test_a_missing_price_hides_no_other_and_is_named(self, tmp_path: Path, token: str) -> None:
        models_json(tmp_path, gw={"m": cost(8, 9)})
        content = json.dumps({**gw(m=cost(7777, 2), n=cost(3, 4)), "note": "7777"}).replace("7777", token)
        file = write(tmp_path / GLOBAL, content)
        prices = book(tmp_path)
        assert price_of(prices, "n") == (3, 4, 0, 0)
        assert price_of(prices) == (8, 9, 0, 0)
        said = " ".join(prices.problems)
        assert "gw/m" in said and token.strip("{}").partition(":")[2] in said and str(file) in said

    def test_no_value_of_a_token_is_said(self, tmp_path: Path) -> None:
        models = {"{env:KEY}": cost("{env:KEY}"), "m": cost("{file:secret}"), "n": {"cost": "{env:KEY}"}}
        content = json.dumps(gw(**models))[:-1] + ', "x": "{file:{env:KEY}}", {env:KEY} }'
        for name, text in (("opencode.json", json.dumps(gw(**models))), ("opencode.jsonc", content)):
            file = write(tmp_path / ".config/opencode" / name, text)
        write(file.parent / "secret", "SEKRIT-2")
        prices = book(tmp_path, KEY="SEKRIT-1", OPENCODE_CONFIG_CONTENT="{env:KEY} {file:secret}")
        assert prices.lookup("gw", "m") is None
        assert len(prices.problems) >= 3
        assert "SEKRIT" not in " ".join(prices.problems)

    def test_a_pipe_keeps_nobody_waiting(self, tmp_path: Path) -> None:
        file = write(tmp_path / GLOBAL, text_of("1").replace("{", '{"x": "{file:pipe}", ', 1))
        os.mkfifo(file.parent / "pipe")
        os.mkfifo(file.parent / "opencode.json")
        prices = book(tmp_path, OPENCODE_CONFIG="/dev/null")
        assert price_of(prices) == (1, 2, 0, 0)
        assert len(prices.problems) == 2

    def test_a_file_that_a_token_names_is_read_again_when_it_changes(self, tmp_path: Path) -> None:
        file = write(tmp_path / GLOBAL, text_of("{file:price}"))
        prices = book(tmp_path)
        assert prices.lookup("gw", "m") is None
        write(file.parent / "price", "5")
        assert prices.refresh()
        assert price_of(prices) == (5, 2, 0, 0)
        assert prices.problems == ()

    @pytest.mark.parametrize("start", [b"\xef\xbb\xbf", b"// \xff\xfe no text\n", b"/* \xe9 */", b"// old\r\n"])
    def test_a_byte_order_mark_and_bytes_that_are_no_text_hide_nothing(self, tmp_path: Path, start: bytes) -> None:
        file = write(tmp_path / GLOBAL, "")
        file.write_bytes(start + text_of("1").encode())
        assert price_of(book(tmp_path)) == (1, 2, 0, 0)
