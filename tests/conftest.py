"""How all tests run: in as many processes as there are cores, and without a verdict on how long one takes."""

from __future__ import annotations

import gc
import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings

from tests.support.environment import leave_only_what_tests_need
from tests.support.in_memory import use_memory
from tests.support.opens import forget_opens, watch_opens
from tests.support.paths import ROOT

# Several processes of pytest and hundreds that tests start would each compile all modules again, in every run.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
leave_only_what_tests_need()

pytest.register_assert_rewrite("tests.support.shell", "tests.support.pictures")
watch_opens()

END_TO_END = os.environ.get("OPENCODE_E2E", "0") not in ("", "0")
if not END_TO_END:  # OpenCode and its stores take more room, and few files
    use_memory()

# The collector walks Textual's many objects again and again: a fifth of the time that the tests of the screens take.
gc.set_threshold(200_000, 20, 100)

# How fast things are is measured by tests/bench: a deadline would only tell what else the machine does.
# `.ci/run` tries more of them.
_EXAMPLES = int(os.environ.get("TESTS_EXAMPLES", "25"))
settings.register_profile(
    "patient", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=_EXAMPLES
)
settings.load_profile("patient")


@pytest.fixture(autouse=True)
def _databases_are_opened_by_sqlite_alone() -> Iterator[None]:
    forget_opens()
    yield
    assert forget_opens() == [], "closing such a file drops the locks that SQLite holds on it for this process"


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """pytest's own, without its link `<test>current`: it looks through those of all tests before it makes the next."""
    current = re.sub(r"\W", "_", request.node.name)[:30] + "current"
    tmp_path.with_name(current).unlink(missing_ok=True)
    return tmp_path


@pytest.fixture
def public_path() -> Iterator[Path]:
    """A directory that other users can enter; that of `tmp_path` is closed to them as soon as another pytest starts."""
    with TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """In a fresh checkout, pytest rewrites the assertions of each module and keeps it as bytecode.

    Each of the processes begins with another part of the modules and finds what the others have rewritten.
    """
    worker = getattr(session.config, "workerinput", None)
    if worker is None:
        return
    folders = [path for path in map(Path, session.config.args) if path.is_dir()]
    files = sorted(file for folder in folders for file in folder.resolve().rglob("test_*.py"))
    first = len(files) * int(worker["workerid"].removeprefix("gw")) // worker["workercount"]
    for file in files[first:] + files[:first]:
        with suppress(Exception, pytest.skip.Exception):  # collecting it tells what is wrong with it
            import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))


def pytest_collection_finish() -> None:
    """Modules and collected tests stay to the end: no collection has to look at them again."""
    gc.freeze()


def pytest_sessionfinish() -> None:
    """What was never closed is found here; pytest then looks for it five times, each time through all objects."""
    gc.collect()
    gc.freeze()


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """A file or a test that is named runs in this process, and so do the end-to-end tests, one after the other.

    One process more than there are cores, since some tests wait.
    """
    directories = [path for path in config.args if Path(path).is_dir()]
    return (os.cpu_count() or 1) + 1 if directories and not END_TO_END else 0


def pytest_make_parametrize_id(val: object) -> str | None:
    """A test goes by the beginning and the length of a long text, so that its name fits a line."""
    return f"{val[:20]!a} of {len(val)}" if isinstance(val, str | bytes) and len(val) > 60 else None
