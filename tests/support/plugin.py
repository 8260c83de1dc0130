"""Runs functions of the guard's plugin in node."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from opencode_tui.guard.install import plugin_text

Ask = Callable[..., Any]
"""Calls a function of the plugin by its name."""
# As they stand in OpenCode 1.18.34, which searches an error's text for them and for the words after them.
RETRIED = [
    r"429|500|502|503|504|524",
    r"rate increased too quickly|rate limit|rate-limit|rate_limit|too many requests",
    r"overloaded|service unavailable|service_unavailable|service-unavailable|internal error|internal_error"
    r"|internal server error|server error|server_error|server-error|provider returned error"
    r"|provider_returned_error|provider-returned-error",
    r"terminated|fetch failed|failed to fetch|network[-_\s]error|upstream connect|connection error"
    r"|connection refused|connection lost|socket connection was closed|socket hang up|reset before headers"
    r"|getaddrinfo|enotfound|eai_again|econnrefused|econnreset|etimedout",
    r"^timeout$|\b(?:request|response|connection|network|stream|read) (?:timeout|timed out|time out)\b",
    r"try your request again|retry your request|resource exhausted|resource_exhausted",
    r"\btry again (?:later|in\b)|\b(?:currently|temporarily) at capacity\b",
    r"too_many_requests|exhausted|unavailable",
]
_RUNNER = """
import { createInterface } from "node:readline"
for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...given] = JSON.parse(line)
  console.log(JSON.stringify((await asked[name](...given)) ?? null))
}
"""


def plugin_asked(folder: Path, asked: str) -> Iterator[Ask]:
    """A process with the plugin and `asked`, JavaScript that names in a constant of that name what can be called."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("the plugin's JavaScript is tested with node, which is not there")
    script = folder / "asked.mjs"
    script.write_text(plugin_text(folder / "guard.json") + asked + _RUNNER)
    process = subprocess.Popen([node, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin and process.stdout
    stdin, stdout = process.stdin, process.stdout

    def ask(name: str, *given: object) -> Any:
        stdin.write(json.dumps([name, *given]) + "\n")
        stdin.flush()
        return json.loads(stdout.readline())

    yield ask
    stdin.close()
    process.wait()
    stdout.close()


def is_retried(text: str) -> bool:
    """Whether OpenCode's retry classifier would take an error's text for one of the network."""
    return any(re.search(pattern, text, re.IGNORECASE) for pattern in RETRIED)
