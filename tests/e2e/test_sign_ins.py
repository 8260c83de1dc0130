"""Where the real OpenCode keeps its sign-ins: 1.x in auth.json, 2.x in its database, where an upgrade copies them."""

from __future__ import annotations

import json

import pytest

from opencode_tui.accounts.sign_ins import SignInSource
from tests.e2e.opencode import LATEST, Install, OpenCode
from tests.e2e.opencode2 import LATEST_2

pytestmark = pytest.mark.e2e

ENTRIES = {
    "opencode-go": {"type": "api", "key": "sk-go"},
    "anthropic": {"type": "oauth", "refresh": "r", "access": "a", "expires": 1_778_673_600_000},
}


def test_each_sign_in_is_found_where_opencode_keeps_it(install: Install) -> None:
    old: OpenCode = install(LATEST)
    auth = old.data_dir / "auth.json"
    auth.parent.mkdir(parents=True, exist_ok=True)
    auth.write_text(json.dumps(ENTRIES))
    auth.chmod(0o600)
    old.run("hello")
    assert_found(old, "auth.json")
    install(LATEST_2).run("hello")
    auth.unlink()
    assert_found(old, "opencode.db")


def assert_found(opencode: OpenCode, place: str) -> None:
    source = SignInSource({}, [opencode.data_dir])
    found, problems = source.sign_ins()
    assert problems == ()
    assert {(each.provider, each.kind, each.source) for each in found} == {
        ("anthropic", "oauth", place),
        ("opencode-go", "key", place),
    }
    key = source.key_for("opencode-go")
    assert key is not None and key.secret.reveal() == "sk-go"
