"""Reduces a tool's target to what may be stored: a file, a known command, a host, a subagent's name.

Only OpenCode's own tools have a target, because the input of a tool of an MCP server or a plugin can be anything.
"""

from __future__ import annotations

import re
from functools import lru_cache

from opencode_tui.records.privacy.commands import command_head
from opencode_tui.records.privacy.harmless import one_line
from opencode_tui.records.privacy.programs import PROGRAMS

FILE_TOOLS = frozenset(
    ("read", "edit", "write", "multiedit", "apply_patch", "patch", "list", "ls", "glob", "grep", "codesearch", "lsp")
)
URL_TOOLS = frozenset(("webfetch", "fetch"))
AGENT_TOOLS = frozenset(("task", "subagent", "agent"))
COMMAND_TOOLS = frozenset(("bash", "shell"))

# The prefixes of well-known keys and tokens, anywhere in the text.
_KEY = re.compile(
    r"(?<![A-Za-z0-9])(?:sk-|sk_live_|rk_live_|pk_live_|gh[opusr]_|github_pat_|glpat-|xox[a-z]-|AKIA|ASIA|eyJ|AIza|ya29\."
    r"|npm_|pypi-|hf_|dop_v1_|shpat_|SG\.)[A-Za-z0-9_-]{6}|-----BEGIN"
)
_ASSIGNED = re.compile(r"(?:^|[\s;,&?/])[\w-]*(?:key|token|secret|passw(?:or)?d|pwd|auth)[\w-]*\s*[=:]", re.IGNORECASE)
_USER = re.compile(r"[^\s/@:]*:[^\s/@]*@")
_HOST = re.compile(r"(?=.{1,120}$)(?:localhost|[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9-]+)+|[0-9a-f]*:[0-9a-f:.]+)")
_NAME = re.compile(r"\w[\w .:@/+-]{0,79}")
_TOOL = re.compile(r"[A-Za-z_][A-Za-z0-9_.:/-]{0,99}")
# For words such as MessageAbortedError, provider.rate_limit, content-filter. A lower-case word, or the first of
# several, must be one of these, since a password can be a word as well.
_WORDS = """
aborted aborting api auth cancelled canceled client completed config content context end error exceeded failed finish
finished function input internal interrupted invalid length limit max message model network none other output
overloaded permission provider quota rate refusal rejected request response retry server session stop stopped storage
stream structured timeout tool unavailable unknown unsupported
"""
_LOWER = re.compile(rf"(?:{'|'.join(_WORDS.split())})(?:[._-][a-z]{{1,20}}){{0,3}}")
_CAMEL = re.compile(r"(?:AI_)?(?:[A-Z]{1,6}[a-z]*|[A-Z][a-z]+[0-9]?){1,7}(?:Error|Exception|Failure)")


def kept_target(tool: str, text: str) -> str:
    """The part of a tool's stored target that may be kept, or ""."""
    if tool in COMMAND_TOOLS:
        return command_head(text)
    if tool in FILE_TOOLS:
        return file_of(text)
    if tool in URL_TOOLS:
        return _host(text) or host_of(text)
    return program_name(text) if tool in AGENT_TOOLS else ""


@lru_cache(maxsize=4096)
def file_of(text: str) -> str:
    """The path of a file; the host if it is a URL; "" if it looks like a command or contains a secret."""
    path = one_line(text, 400)
    if "://" in path:
        return host_of(path)
    if _KEY.search(path) or _USER.search(path) or _ASSIGNED.search(path) or _is_command(path):
        return ""
    return path


def _is_command(path: str) -> bool:
    """Returns whether a path looks like a command: it has shell characters, an option, or a known program first."""
    if path != path.strip() or " " not in path:
        return any(char in path for char in '`|<>"') or "$(" in path or "${" in path
    head = path.split(" ", 1)[0].rpartition("/")[2]
    if head in PROGRAMS and "/" not in path.split(" ", 1)[0]:
        return True
    return " -" in path or any(char in path for char in "`|<>\"'=;$*?{}")


def host_of(url: str) -> str:
    """The host of a URL, without user, port, path and query; "" if it is not a valid host."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url[:2000])
        parts.port  # noqa: B018 a port that is no number belongs to a password
        return _host(parts.hostname or "")
    except ValueError:
        return ""


def _host(text: str) -> str:
    return text if _HOST.fullmatch(text) and not _KEY.search(text) else ""


def agent_of(text: str) -> str:
    """The name of the agent that made a call; "" if it contains a key or a URL."""
    name = one_line(text, 120)
    return "" if _holds_secret(name) else name


def program_name(text: str) -> str:
    """The name of the agent that a model requested; "" if it is a key, a command or a sentence."""
    name = agent_of(text)
    return name if _NAME.fullmatch(name) and not (" " in name and _is_command(name)) else ""


def tool_name(text: str) -> str:
    """The name of a tool; "" if it is not a valid name or contains a secret."""
    return text if _TOOL.fullmatch(text) and not _holds_secret(text) else ""


def word_of(text: str) -> str:
    """The kind of an error, or how a call finished; "" if it is not a known form of technical word."""
    return text if len(text) <= 60 and (_LOWER.fullmatch(text) or _CAMEL.fullmatch(text)) else ""


def _holds_secret(text: str) -> bool:
    return bool("://" in text or _KEY.search(text) or _USER.search(text) or _ASSIGNED.search(text))
