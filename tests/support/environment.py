"""The environment that tests run in: the same on a laptop, in a terminal of any kind and in CI."""

from __future__ import annotations

import os

# What only tests read begins with TESTS_: a name that begins as the product's do would be read as a setting.
_KEPT = frozenset(["PATH", "HOME", "USER", "TZ", "TMPDIR", "TMP", "TEMP", "VIRTUAL_ENV", "XDG_CACHE_HOME"])
_KEPT_PREFIXES = ("PYTEST", "TEXTUAL_SNAPSHOT", "PYTHON", "COV", "OPENCODE_E2E", "TESTS_")


def leave_only_what_tests_need() -> None:
    """Drop each variable that neither tests nor the processes that they start are meant to see.

    `CI`, `NO_COLOR`, `OPENCODE_DB` and many more change what the product or a library does.
    """
    for name in set(os.environ) - _KEPT:
        if not name.startswith(_KEPT_PREFIXES):
            del os.environ[name]
    os.environ["LC_ALL"] = "C.UTF-8"
    # argparse looks in several folders for a translation of each of its words, for each parser: there is none.
    os.environ["LANGUAGE"] = "C"
