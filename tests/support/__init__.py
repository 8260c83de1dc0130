"""What several test files use: a person's machine, ledgers and prices to test on, and how to read what came of it."""

import pytest

pytest.register_assert_rewrite("tests.support.ledgers", "tests.support.pictures", "tests.support.shell")
