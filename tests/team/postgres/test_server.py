"""The PostgreSQL of the tests does not outlive them."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from tests.support.paths import ROOT
from tests.support.postgres import programs

_SERVE = """
import time
from tests.support.postgres import programs, serving
with serving(programs()) as server:
    print(server.url("postgres"), server.place, flush=True)
    time.sleep(600)
"""
_PATIENCE_S = 60


@pytest.mark.skipif(programs() is None, reason="no PostgreSQL here")
def test_a_server_ends_when_the_tests_are_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", _SERVE], cwd=ROOT, stdout=subprocess.PIPE, text=True) as tests:
        assert tests.stdout is not None
        url, place = tests.stdout.readline().split()
        psycopg.connect(url).close()
        tests.kill()
    end_s = time.monotonic() + _PATIENCE_S
    while Path(place).exists():
        assert time.monotonic() < end_s, "its directory is still there"
        time.sleep(0.05)
    with pytest.raises(psycopg.OperationalError, match="refused"):
        psycopg.connect(url)
