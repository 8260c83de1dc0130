"""What a model costs."""

from __future__ import annotations

import argparse

from opencode_tui.cli.options.parsers import Commands
from opencode_tui.cli.options.shared import add_wide


def add_prices(commands: Commands) -> None:
    prices = commands.add(
        "prices", "print what the models in use cost, from which source and since when", example="prices kimi k2"
    )
    add_wide(prices)
    prices.unnamed_action = "show"
    add = commands.actions_of(prices)
    show = add("show", "print them, or those like MODEL: `prices MODEL` does the same", example="prices show kimi k2")
    show.add_argument("model", nargs="*", metavar="MODEL", help="such as 'kimi k2', in use or in a price list")
    show.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
    show.add_argument("--wide", action="store_true", default=argparse.SUPPRESS, help="all columns")
    price = add(
        "set",
        "write a price of your own into config.toml; comes before all others",
        example="prices set opencode/kimi-k2.6 --input 0.95 --output 4 --cache-read 0.16",
    )
    price.add_argument("model", metavar="MODEL", help="provider/model, or text that only one model is like")
    for name, is_required in (("input", True), ("output", True), ("cache-read", False), ("cache-write", False)):
        help = f"price of {name.replace('-', ' ')}, USD per million tokens"
        price.add_argument(f"--{name}", required=is_required, metavar="USD", help=help)
    tier = "what changes above a context, such as above=200000,input=1.90,output=8.00; once a tier, `none` for none"
    price.add_argument("--tier", action="append", metavar="TIER", help=tier)
    price.add_argument("--from", dest="first", metavar="DAY", help="the first day on which it holds")
    price.add_argument("--hours", metavar="H", help="the hours of the day at which it holds, such as 16:30-00:30")
    price.add_argument("--zone", metavar="ZONE", help="the time zone of that day and those hours (default: UTC)")
    add(
        "refresh",
        "fetch the public price list from the network, keep what held before, and say what changed",
        example="prices refresh",
    )
