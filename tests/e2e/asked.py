"""One request to the scripted model, read from either of the two forms that OpenCode sends it in."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message

from tests.e2e.answer import Json
from tests.e2e.bill import Kind

SESSION_HEADERS = ("x-opencode-session", "x-session-id", "x-session-affinity")
COMPACTIONS = (
    "MUST summarize the conversation",
    "did not fill in the required summary template",
    "Provide a detailed prompt for continuing",
    "anchored summary",
)


@dataclass(frozen=True, slots=True)
class Asked:
    model: str
    kind: Kind
    session: str
    prompt: str
    """What the user said last."""
    offered: frozenset[str]
    """The names of the tools that may be called."""
    tool_answers: tuple[str, ...]
    """What the tools called since then have answered."""
    text: str
    """All that was said so far."""
    anthropic: bool
    """In the form of Anthropic's messages, else of OpenAI's chat completions."""


def read(path: str, headers: Message, body: Json) -> Asked:
    anthropic = path.partition("?")[0].endswith("/messages")
    messages: list[Json] = body["messages"]
    system = text_of(body.get("system")) + "".join(text_of(m["content"]) for m in messages if m["role"] == "system")
    prompt, answers = "", list[str]()
    for message in reversed(messages):
        results = _tool_results(message)
        if message["role"] == "user" and not results:
            prompt = text_of(message["content"])
            break
        answers[:0] = results
    offered = frozenset((tool.get("function") or tool)["name"] for tool in body.get("tools", []))
    return Asked(
        model=body["model"],
        kind=_kind(system, prompt, offered),
        session=next((value for name in SESSION_HEADERS if (value := headers.get(name))), ""),
        prompt=prompt,
        offered=offered,
        tool_answers=tuple(answers),
        text="".join(text_of(message["content"]) for message in messages),
        anthropic=anthropic,
    )


def text_of(content: object) -> str:
    """The text of a message's content, which is a string or a list of parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(part.get("text") or text_of(part.get("content")) for part in parts)


def _tool_results(message: Json) -> list[str]:
    if message["role"] == "tool":
        return [text_of(message["content"])]
    parts = message["content"] if isinstance(message["content"], list) else []
    return [text_of(part.get("content")) for part in parts if part.get("type") == "tool_result"]


def _kind(system: str, prompt: str, offered: frozenset[str]) -> Kind:
    if not offered and "title" in system[:400].lower():
        return "title"
    if any(words in prompt for words in COMPACTIONS) or (not offered and "summar" in system[:300].lower()):
        return "compaction"
    return "generate" if "GENERATE" in prompt else "step"
