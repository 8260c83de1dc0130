"""Fetches the public price list, from the address that OpenCode itself uses.

`prices refresh` calls this, because a person asked for it; nothing else does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

from msgspec import Struct

from opencode_tui.clock import monotonic_s
from opencode_tui.pricing.files import put_in_place, reason, shown_path
from opencode_tui.pricing.list_history import DatedRates, ListHistory, moment_text, render_history, with_list
from opencode_tui.pricing.list_table import ListTable, PriceKey
from opencode_tui.pricing.models_cache import USUAL_ADDRESS, ModelsCache, default_path, list_address
from opencode_tui.pricing.rates import Rates
from opencode_tui.pricing.renew import prices_in

TIMEOUT_S = 20.0
"""Seconds until the whole list has to be there."""
MOST_BYTES = 32 * 1024 * 1024


class PriceChange(Struct, frozen=True):
    key: PriceKey
    before: Rates
    after: Rates


class FetchedList(Struct, frozen=True):
    """What a fetched list changed."""

    address: str
    prices: int
    changes: tuple[PriceChange, ...]
    before_ms: int | None
    """When the list before was fetched, in Unix milliseconds; None if none was."""


def refresh_list(file: Path, environ: Mapping[str, str], home: Path, now_ms: int) -> FetchedList:
    """Fetches the list and adds the prices that changed to the file. Raises ValueError with a sentence.

    The prices before the first fetch are those of OpenCode's list, or of the bundled one.
    """
    if not _is_address(list_address(environ)):
        raise ValueError(f"OPENCODE_MODELS_URL is no address; write one such as {USUAL_ADDRESS}, or unset it")
    address = f"{list_address(environ)}/api.json"
    fetched = _fetched(address, f"list {moment_text(now_ms)[:10]}")
    now_ms = now_ms // 1000 * 1000  # as the file has it
    history = ListHistory(file)
    before = {key: history.of(key) for key in history.models()}
    if history.problem:
        raise ValueError(history.problem.removesuffix("."))
    known = _with_opencodes(before, history.fetched_ms, ModelsCache(default_path(environ, home)), fetched)
    after = with_list(known, fetched, now_ms)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        put_in_place(file, render_history(after, now_ms, _shown_address(address)), 0o600)
    except OSError as error:
        raise ValueError(
            f"the list prices cannot be written to {shown_path(file)} ({reason(error)}); make its directory writable"
        ) from error
    changes = (
        PriceChange(key, known[key][-1].rates, prices[-1].rates)
        for key, prices in after.items()
        if key in known and len(prices) > len(known[key])
    )
    return FetchedList(
        _shown_address(address), len(fetched), tuple(changes), history.fetched_ms if history.fetched_ms >= 0 else None
    )


def _with_opencodes(
    known: Mapping[PriceKey, tuple[DatedRates, ...]],
    fetched_ms: int,
    models: ModelsCache,
    fetched: Mapping[PriceKey, Rates],
) -> dict[PriceKey, tuple[DatedRates, ...]]:
    """The known prices with those that the lists beside them have held since the last fetch.

    OpenCode's list counts from when it was downloaded; the bundled one only where nothing else is known.
    """
    table = ListTable()
    known_before: dict[PriceKey, tuple[DatedRates, ...]] = dict(known)
    newer: dict[PriceKey, Rates] = {}
    for key in fetched:
        listed, bundled = models.rates(*key), table.rates(*key)
        if listed and models.downloaded_ms > fetched_ms:
            newer[key] = listed
        if key not in known and (first := (listed if fetched_ms < 0 else None) or bundled):
            known_before[key] = (DatedRates(None, first),)
    return with_list(known_before, newer, models.downloaded_ms // 1000 * 1000)


def _fetched(address: str, source: str) -> dict[PriceKey, Rates]:
    exchange = _Exchange(address)
    # On its own thread, since name lookup has no deadline of its own.
    thread = Thread(target=exchange.run, name="fetch the price list", daemon=True)
    thread.start()
    thread.join(TIMEOUT_S)
    failure = f"no answer within {TIMEOUT_S:g} s" if thread.is_alive() else exchange.failure
    prices: dict[PriceKey, Rates] = {}
    if not failure:
        try:
            prices, _ = prices_in(exchange.content, source)
        except ValueError as error:
            failure = f"what is there is no price list: {error}"
    if failure:
        raise ValueError(
            f"the price list {_shown_address(address)} cannot be fetched ({failure}); the prices stay as they are, try"
            " again later"
        )
    return prices


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def _shown_address(address: str) -> str:
    """The address without a user's name and password."""
    return re.sub(r"//[^/]*@", "//", shown_path(address))


class _Exchange:
    """A GET whose answer is limited in time and size."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._end_s = monotonic_s() + TIMEOUT_S
        self.content = b""
        self.failure = ""

    def run(self) -> None:
        import logging

        import httpx

        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)
        try:
            with (
                httpx.Client(timeout=TIMEOUT_S / 2, follow_redirects=True, max_redirects=5) as client,
                client.stream("GET", self._address, headers={"User-Agent": "opencode-tui"}) as response,
            ):
                if response.status_code != 200:
                    self.failure = f"it answered {response.status_code}"
                    return
                parts, size = [], 0
                for part in response.iter_bytes():
                    size += len(part)
                    if size > MOST_BYTES or monotonic_s() > self._end_s:
                        self.failure = "it is too large" if size > MOST_BYTES else f"it took more than {TIMEOUT_S:g} s"
                        return
                    parts.append(part)
                self.content = b"".join(parts)
        except httpx.TimeoutException:
            self.failure = "no answer in time"
        except httpx.ConnectError:
            self.failure = "no connection"
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, ValueError):
            self.failure = "the address is not one of http or https"
        except Exception as error:
            self.failure = f"the connection failed ({type(error).__name__})"
