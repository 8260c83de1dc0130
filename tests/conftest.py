"""How all tests run: in as many processes as there are cores, and without a verdict on how long one takes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest.register_assert_rewrite("tests.shell", "tests.pictures")

# How fast things are is measured by tests/bench: a deadline would only tell what else the machine does.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """A file or a test that is named runs in this process, and so do the end-to-end tests, one after the other."""
    directories = [path for path in config.args if Path(path).is_dir()]
    return None if directories and os.environ.get("OPENCODE_E2E", "0") in ("", "0") else 0
