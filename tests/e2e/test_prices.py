"""Prices as OpenCode 1.18.34 itself says that it reads them, and as we do, from the same files and environment."""

from __future__ import annotations

import json
from hashlib import sha1

import pytest

from opencode_tui.config.settings import Pricing
from opencode_tui.pricing.book import PriceBook
from tests.e2e.opencode import Install, OpenCode
from tests.support.prices import flat, write

pytestmark = pytest.mark.e2e

ADDRESS = "http://127.0.0.1:1/list"
LISTED = {
    "name": "base",
    "release_date": "",
    "attachment": False,
    "reasoning": False,
    "tool_call": True,
    "limit": {"context": 500, "output": 5},
    "cost": {"input": 2.125, "output": 3, "cache_read": 0.5},
}


def config(**models: object) -> str:
    provider = {"npm": "@ai-sdk/openai-compatible", "options": {"baseURL": "http://127.0.0.1:9"}, "models": models}
    return json.dumps({"provider": {"gw": provider}})


def priced(input: object, output: object, **rest: object) -> dict[str, object]:
    return {"cost": {"input": input, "output": output, **rest}, "limit": {"context": 1000, "output": 10}}


def lay_out(opencode: OpenCode) -> dict[str, str]:
    """Every place that can set a price sets one; gives the environment."""
    home, project = opencode.home, opencode.project
    opencode.started_in = deep = project / "pkg"
    settings = home / ".config/opencode"
    names = ("a", "b", "c", "d", "e", "f", "g", "h", "i", "j")
    write(settings / "config.json", config(**{name: priced(1, 1, cache_read=0.25) for name in names}))
    tokens = config(a=priced(7777, 2), b=priced(8888, 3), al={"id": "{env:REAL}"}, base={"options": {}})
    tokens = tokens.replace("7777", "{env:PRICE}").replace("8888", "{file:{env:SUB}/price}")
    write(settings / "opencode.jsonc", "\ufeff// {file:./none}\n" + tokens[:-1] + ", /* {env:NONE} // */ }")
    write(settings / "sub/price", "\ufeff 4.5 \r\n")
    write(home / "extra.json", config(c=priced(20, 20), d=priced(20, 20)))
    write(home / "opencode.json", config(d=priced(30, 30)))
    write(project / "opencode.json", config(d=priced(31, 31), e=priced(31, 31)))
    write(project / "opencode.jsonc", config(e=priced(32, 32), f=priced(32, 32)))
    write(deep / "opencode.json", config(f=priced("{file:~/home-price}", 33)).replace('"{', "{").replace('e}"', "e}"))
    write(home / "home-price", "33.5")
    write(project / ".opencode/opencode.json", config(g=priced(40, 40)))
    write(deep / ".opencode/opencode.json", config(g=priced(41, 41), h=priced(41, 41)))
    write(home / ".opencode/opencode.json", config(h=priced(42, 42)))
    write(home / "folder/opencode.json", config(h=priced(50, 50), i=priced(50, 50)))
    write(home / "managed/opencode.json", config(i=priced(70, 70), j=priced(70, 70)))
    listed = {"gw": {"id": "gw", "name": "g", "env": [], "models": {"base": {"id": "base", **LISTED}}}}
    write(home / f".cache/opencode/models-{sha1(ADDRESS.encode()).hexdigest()}.json", listed)
    return {
        "PRICE": "3",
        "SUB": "./sub",
        "REAL": "base",
        "OPENCODE_CONFIG": str(home / "extra.json"),
        "OPENCODE_CONFIG_DIR": str(home / "folder"),
        "OPENCODE_CONFIG_CONTENT": config(i=priced(60, 60), j=priced(60, 60)),
        "OPENCODE_TEST_MANAGED_CONFIG_DIR": str(home / "managed"),
        "OPENCODE_MODELS_URL": ADDRESS,
    }


@pytest.mark.parametrize("projects", [True, False], ids=["with the project", "without"])
def test_every_place_sets_the_price_that_opencode_reads(install: Install, projects: bool) -> None:
    opencode = install("1.18.34")
    environ = lay_out(opencode) | ({} if projects else {"OPENCODE_DISABLE_PROJECT_CONFIG": "1"})
    theirs = opencode.models("gw", **environ)
    assert {"al", "base", *"abcdefghij"} == set(theirs)
    ours = PriceBook(Pricing(), environ, opencode.home)
    here = str(opencode.started_in)
    for name, model in theirs.items():
        cost = model["cost"]
        said = (cost["input"], cost["output"], cost["cache"]["read"], cost["cache"]["write"])
        assert flat(ours.lookup("gw", name, here)) == said, name
        assert ours.context_limit("gw", name, here) == model["limit"]["context"], name
    assert ours.problems == ()
