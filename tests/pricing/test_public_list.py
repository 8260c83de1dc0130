"""The public price list is fetched from where OpenCode has it, in bounds, and what held before is kept."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from opencode_tui.pricing import public_list
from opencode_tui.pricing.list_history import ListHistory
from opencode_tui.pricing.list_table import ListTable
from opencode_tui.pricing.models_cache import default_path, list_address
from opencode_tui.pricing.public_list import FetchedList, refresh_list
from tests.support.prices import cost, flat, models_json

NOW = 1_750_000_000_000
KEY = ("acme", "m")


class Answer:
    """What the server says to the next request."""

    status = 200
    body = b"{}"
    pause_s = 0.0
    moved_to = ""
    paths: tuple[str, ...] = ()

    def lists(self, **models: object) -> None:
        self.body = json.dumps({"acme": {"models": models}}).encode()


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer.paths += (self.path,)
            time.sleep(answer.pause_s)
            with suppress(ConnectionError):  # nobody may wait for it any more
                moved = answer.moved_to if self.path == "/api.json" else ""
                self.send_response(302 if moved else answer.status)
                if moved:
                    self.send_header("Location", moved)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def answer() -> Answer:
    return Answer()


@pytest.fixture
def address(answer: Answer) -> Iterator[str]:
    with serving(answer) as address:
        yield address


def refreshed(tmp_path: Path, address: str, now_ms: int = NOW, cache: str = "cache") -> FetchedList:
    environ = {"OPENCODE_MODELS_URL": address, "XDG_CACHE_HOME": str(tmp_path / cache)}
    return refresh_list(tmp_path / "data/list-prices.csv", environ, tmp_path, now_ms)


def history(tmp_path: Path) -> ListHistory:
    return ListHistory(tmp_path / "data/list-prices.csv")


def test_the_address_is_that_of_opencode() -> None:
    assert list_address({}) == "https://models.opencode.ai"
    assert list_address({"OPENCODE_MODELS_URL": "http://127.0.0.1:1"}) == "http://127.0.0.1:1"


def test_a_second_list_keeps_what_held_before(tmp_path: Path, answer: Answer, address: str) -> None:
    answer.lists(m=cost(1, 2), same=cost(3, 4), free={})
    first = refreshed(tmp_path, address)
    assert (first.prices, first.changes, first.before_ms) == (2, (), None)
    answer.lists(m=cost(0.5, 2), same=cost(3, 4))
    second = refreshed(tmp_path, address, NOW + 86_400_000)
    assert [(each.key, flat(each.before)[0], flat(each.after)[0]) for each in second.changes] == [(KEY, 1, 0.5)]
    assert second.before_ms == NOW
    known = history(tmp_path)
    assert [(dated.since_ms, flat(dated.rates)[0]) for dated in known.of(KEY)] == [(None, 1), (NOW + 86_400_000, 0.5)]
    assert [dated.rates.source for dated in known.of(KEY)] == ["list 2025-06-15", "list 2025-06-16"]
    assert len(known.of(("acme", "same"))) == 1
    assert answer.paths == ("/api.json", "/api.json")
    assert (tmp_path / "data/list-prices.csv").stat().st_mode & 0o777 == 0o600
    assert list((tmp_path / "data").iterdir()) == [tmp_path / "data/list-prices.csv"]


def test_before_the_first_list_held_what_opencode_had_or_the_bundled_list(
    tmp_path: Path, answer: Answer, address: str
) -> None:
    provider, model = "opencode", "kimi-k2.6"
    models_json(tmp_path, acme={"m": cost(9, 9)}).rename(tmp_path / "models.json")
    place = default_path({"OPENCODE_MODELS_URL": address, "XDG_CACHE_HOME": str(tmp_path / "cache")}, tmp_path)
    place.parent.mkdir(parents=True)
    (tmp_path / "models.json").rename(place)
    answer.body = json.dumps(
        {"acme": {"models": {"m": cost(1, 2)}}, provider: {"models": {model: cost(7, 7)}}}
    ).encode()
    assert {each.key for each in refreshed(tmp_path, address).changes} == {KEY, (provider, model)}
    assert [flat(dated.rates)[0] for dated in history(tmp_path).of(KEY)] == [9, 1]
    assert history(tmp_path).of((provider, model))[0].rates == ListTable().rates(provider, model)


def test_a_list_that_opencode_downloaded_in_between_counts_from_then(
    tmp_path: Path, answer: Answer, address: str
) -> None:
    answer.lists(m=cost(1, 2))
    refreshed(tmp_path, address)
    place = default_path({"OPENCODE_MODELS_URL": address, "XDG_CACHE_HOME": str(tmp_path / "cache")}, tmp_path)
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps({"acme": {"models": {"m": cost(2, 2)}}}))
    os.utime(place, ns=(0, (NOW + 5000) * 1_000_000))
    answer.lists(m=cost(3, 2))
    refreshed(tmp_path, address, NOW + 9000)
    dated = [(each.since_ms, flat(each.rates)[0]) for each in history(tmp_path).of(KEY)]
    assert dated == [(None, 1), (NOW + 5000, 2), (NOW + 9000, 3)]


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (404, b"{}", "it answered 404"),
        (500, b"{}", "it answered 500"),
        (200, b"<html>", "no price list"),
        (200, b"[]", "it holds no prices"),
        (200, b'{"acme": {"models": {"m": {"cost": {"input": -1, "output": "x"}}}}}', "it holds no prices"),
        (200, b"\xff\xfe", "no price list"),
        (200, b"[" * 100_000, "no price list"),
        (200, b" " * 2000, "it is too large"),
    ],
)
def test_an_answer_that_is_no_list_changes_nothing(
    tmp_path: Path, answer: Answer, address: str, monkeypatch: pytest.MonkeyPatch, status: int, body: bytes, reason: str
) -> None:
    answer.lists(m=cost(1, 2))
    refreshed(tmp_path, address)
    before = (tmp_path / "data/list-prices.csv").read_bytes()
    answer.status, answer.body = status, body
    if reason == "it is too large":
        monkeypatch.setattr(public_list, "MOST_BYTES", 1000)
    with pytest.raises(ValueError, match=reason) as caught:
        refreshed(tmp_path, address, NOW + 1000)
    assert "\n" not in str(caught.value)
    assert f"{address}/api.json" in str(caught.value)
    assert (tmp_path / "data/list-prices.csv").read_bytes() == before


def test_an_answer_that_does_not_come_is_not_waited_for(
    tmp_path: Path, answer: Answer, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer.pause_s = 0.4
    monkeypatch.setattr(public_list, "TIMEOUT_S", 0.1)
    with pytest.raises(ValueError, match=r"no answer"):
        refreshed(tmp_path, address)


@pytest.mark.parametrize(
    ("address", "reason"),
    [("http://127.0.0.1:1", "no connection"), ("ftp://x", "is no address"), ("models\n", "is no address")],
)
def test_an_address_without_an_answer_is_said(tmp_path: Path, address: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        refreshed(tmp_path, address)
    assert "\n" not in str(caught.value)


def test_a_list_that_was_moved_is_found(tmp_path: Path, answer: Answer, address: str) -> None:
    answer.lists(m=cost(1, 2))
    answer.moved_to = "/there.json"
    assert refreshed(tmp_path, address).prices == 1
    answer.moved_to = "/api.json"
    with pytest.raises(ValueError, match=r"TooManyRedirects"):
        refreshed(tmp_path, address)


def test_a_password_in_the_address_is_shown_nowhere(tmp_path: Path, answer: Answer, address: str) -> None:
    answer.lists(m=cost(1, 2))
    secret = address.replace("//", "//me:SEKRIT@")
    assert "SEKRIT" not in refreshed(tmp_path, secret).address
    assert "SEKRIT" not in (tmp_path / "data/list-prices.csv").read_text()
    answer.status = 404
    with pytest.raises(ValueError, match="404") as caught:
        refreshed(tmp_path, secret)
    assert "SEKRIT" not in str(caught.value)


def test_a_broken_file_of_ours_is_not_written_over(tmp_path: Path, answer: Answer, address: str) -> None:
    answer.lists(m=cost(1, 2))
    file = tmp_path / "data/list-prices.csv"
    file.parent.mkdir()
    file.write_text("mine")
    with pytest.raises(ValueError, match="move the file away"):
        refreshed(tmp_path, address)
    assert file.read_text() == "mine"


def test_a_directory_that_cannot_be_written_is_said(tmp_path: Path, answer: Answer, address: str) -> None:
    answer.lists(m=cost(1, 2))
    (tmp_path / "data").write_text("a file")
    with pytest.raises(ValueError, match="cannot be written"):
        refreshed(tmp_path, address)
