"""`opencode-tui prices`: what models cost, as a table or as JSON; sets a price, or fetches the public list."""

from __future__ import annotations

import argparse
import json
import os

from opencode_tui import paths
from opencode_tui.cli import EXIT_USAGE
from opencode_tui.cli.common import Trouble, opened
from opencode_tui.cli.streams import table_width
from opencode_tui.clock import now_ms
from opencode_tui.readings.prices import read_model_prices, used_models
from opencode_tui.report.prices import prices_json, prices_table


def run(arguments: argparse.Namespace) -> int:
    if arguments.action == "set":
        from opencode_tui.cli.price_setting import set_price

        return set_price(arguments)
    return _refresh(arguments) if arguments.action == "refresh" else _show(arguments)


def _show(arguments: argparse.Namespace) -> int:
    text = " ".join(getattr(arguments, "model", ()))
    with opened(arguments) as at, at.reading(now_ms()) as context:
        prices = read_model_prices(text, context, at.sync.book)
    if text and not prices.models:
        raise Trouble(f"no model is like {text!r}, in the ledger or in a price list; write another name", EXIT_USAGE)
    if arguments.json:
        print(json.dumps(prices_json(prices, at.calendar)))
    else:
        print(prices_table(prices, at.calendar, table_width(arguments.wide), earlier=bool(text)))
    return 0


def _refresh(arguments: argparse.Namespace) -> int:
    from opencode_tui.pricing.models_cache import name_for_address
    from opencode_tui.pricing.public_list import refresh_list
    from opencode_tui.report.price_changes import fetched_text

    file = paths.list_prices_file(name_for_address("list-prices", ".csv", os.environ), os.environ)
    if file is None:
        raise Trouble("no home directory is known for the list prices; set HOME")
    with opened(arguments) as at, at.reading(now_ms()) as context:  # calls of before have the prices of before
        used = frozenset(used_models(context.connection))
    try:
        print(fetched_text(refresh_list(file, os.environ, paths.home(), now_ms()), used))
    except ValueError as error:
        raise Trouble(str(error)) from None
    return 0
