"""`metrics --listen`: the same as the export, on this machine alone, until a signal ends it."""

from __future__ import annotations

import http.client
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from opencode_tui.cli import EXIT_OK, EXIT_TROUBLE, EXIT_USAGE
from opencode_tui.cli.metrics import Scrapes
from opencode_tui.cli.parser import make_parser
from opencode_tui.report.export.address import ListenAddress, is_own_host, parse_listen
from opencode_tui.report.export.openmetrics import CONTENT_TYPE
from opencode_tui.report.export.request import ExportError
from opencode_tui.report.export.server import serving
from tests.stores import V1
from tests.support.shell import PIPES, Shell, assert_one_sentence, spawn

ANY = ListenAddress("127.0.0.1", 0)


def ask(place: ListenAddress, path: str = "/metrics", method: str = "GET", **headers: str) -> tuple[int, str, str]:
    """The status, the type and the text of an answer."""
    connection = http.client.HTTPConnection(place.host, place.port, timeout=20)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, answer.headers["Content-Type"] or "", text


@contextmanager
def metrics(shell: Shell) -> Iterator[tuple[Any, ListenAddress]]:
    process = spawn(shell, "-m", "opencode_tui", "metrics", "--listen", "127.0.0.1:0", *shell.places, **PIPES)
    assert process.stdout is not None
    line = process.stdout.readline()
    yield process, parse_listen(line.removeprefix("serving http://").partition("/")[0])


def test_each_scrape_is_of_now_and_sigterm_ends_it(shell: Shell, whole: V1) -> None:
    with metrics(shell) as (process, place):
        status, type, text = ask(place)
        assert (status, type) == (200, CONTENT_TYPE)
        exported = shell.said("export", "--format", "openmetrics")
        counters = [line for line in exported.splitlines() if "_total" in line]
        assert [line for line in text.splitlines() if "_total" in line] == counters
        whole.call(next(iter(whole.sessions)), model="local/new", cost="0.04")
        assert 'model="new",agent="build",project="/home/dev/shop"} 0.04\n' in ask(place)[2]
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == EXIT_OK


def test_a_request_that_is_none_for_metrics_is_told_so() -> None:
    with serving(ANY, lambda: "text") as place:
        assert ask(place) == (200, CONTENT_TYPE, "text")
        assert ask(place, "/metrics?x=1")[0] == 200
        assert ask(place, method="HEAD") == (200, CONTENT_TYPE, "")
        assert ask(place, "/") == (404, "text/plain; charset=utf-8", "the metrics are at /metrics\n")
        assert ask(place, method="POST")[0] == 501
        assert ask(place, Host="evil.example:80")[0] == 403


def test_a_ledger_that_cannot_be_read_is_503() -> None:
    def fail() -> str:
        raise ExportError("the ledger is locked")

    with serving(ANY, fail) as place:
        assert ask(place) == (503, "text/plain; charset=utf-8", "the ledger is locked\n")


def test_a_trouble_is_said_once_while_it_lasts(shell: Shell, store: V1) -> None:
    scrapes = Scrapes(make_parser("metrics").parse_args(["metrics", "--listen", "127.0.0.1:0", *shell.places]))
    database, away = shell.data_dir / "opencode.db", shell.data_dir / "away"
    said = []
    for there in (True, False, False, True, False):
        if there is not database.exists():
            (away if there else database).rename(database if there else away)
        assert ("\nopencode_lower_bound 0\n" in scrapes.read()) is there
        said.append(shell.capsys.readouterr().err)
    assert [bool(text) for text in said] == [False, True, False, False, True]
    assert_one_sentence(said[1], str(shell.data_dir))


def test_a_client_that_says_nothing_holds_up_nobody() -> None:
    with serving(ANY, lambda: "text") as place, socket.create_connection((place.host, place.port)):
        assert ask(place)[0] == 200


def test_an_address_that_is_taken_is_said(shell: Shell, store: V1) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, _, err = shell.run("metrics", "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
    assert code == EXIT_TROUBLE
    assert_one_sentence(err, "cannot listen on 127.0.0.1:", "choose another port")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("9400", "is not an address"),
        ("127.0.0.1", "is not an address"),
        ("127.0.0.1:99999", "is not an address"),
        ("127.0.0.1:http", "is not an address"),
        ("", "is not an address"),
        ("[::1:9400", "is not an address"),
        ("0.0.0.0:9400", "could be reached from outside"),
        ("192.168.1.2:9400", "could be reached from outside"),
        ("example.com:9400", "could be reached from outside"),
        ("[::]:9400", "could be reached from outside"),
    ],
)
def test_a_bad_address_is_refused(address: str, words: str, shell: Shell) -> None:
    code, out, err = shell.run("metrics", "--listen", address)
    assert (code, out) == (EXIT_USAGE, "")
    assert_one_sentence(err, "--listen: ", words, "127.0.0.1:9400")


def test_addresses_of_this_machine() -> None:
    texts = {"127.0.0.1:9400": "127.0.0.1:9400", "localhost:0": "127.0.0.1:0", "[::1]:9400": "[::1]:9400"}
    assert {text: str(parse_listen(text)) for text in texts} == texts
    assert all(map(is_own_host, ["localhost", "localhost:1", "127.0.0.1:9400", "[::1]:9400"]))
    assert not any(map(is_own_host, [None, "", "rebound.example:9400", "10.0.0.1", "[", "127.0.0.1.example"]))
