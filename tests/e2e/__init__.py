import pytest

pytest.register_assert_rewrite("tests.e2e.truth", "tests.e2e.ours", "tests.e2e.hold")
