"""The MCP server on standard input and output, by the official library: lists the tools and answers their calls."""

from __future__ import annotations

import argparse
import json
import sqlite3
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import anyio
from anyio.to_thread import run_sync
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    TextContent,
    Tool,
    ToolAnnotations,
)

from opencode_tui.cli import Trouble, sentence_of, without_controls
from opencode_tui.cli.agent_tools import MCP_TOOL_OF, MCP_TOOLS, AgentTool, ToolCall
from opencode_tui.cli.common import opened
from opencode_tui.records.privacy.harmless import lines, shown_id

SESSION_KEY = "ai.opencode/sessionID"
"""Where OpenCode 2 tells in a call's `_meta` which session asks; 1.x tells it nowhere."""


def serve_stdio(arguments: argparse.Namespace) -> None:
    """Answer until standard input ends."""
    anyio.run(_serve, make_server(arguments, Path.cwd()))


async def _serve(server: Server[Any]) -> None:
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


def make_server(arguments: argparse.Namespace, directory: Path) -> Server[Any]:
    """The server of a command line, started by OpenCode in a directory."""
    one_at_a_time = anyio.CapacityLimiter(1)

    async def list_tools(*_: object) -> ListToolsResult:
        return ListToolsResult(tools=[_described(tool) for tool in MCP_TOOLS])

    async def call_tool(context: Any, params: CallToolRequestParams) -> CallToolResult:
        given_id = (context.meta or {}).get(SESSION_KEY)
        ask = partial(answer_call, arguments, directory, params.name, params.arguments or {}, given_id)
        text, is_error = await run_sync(ask, limiter=one_at_a_time)
        return CallToolResult(content=[TextContent(type="text", text=text)], is_error=is_error)

    return Server("opencode-tui", on_list_tools=list_tools, on_call_tool=call_tool)


def answer_call(
    arguments: argparse.Namespace, directory: Path, name: str, given: Mapping[str, Any], given_id: object
) -> tuple[str, bool]:
    """A tool's answer as JSON, or a sentence on what went wrong and True. The stores are read first."""
    notes: list[str] = []
    try:
        tool, texts = _checked(name, given)
        with opened(arguments, say=notes.append) as at:
            found = tool.answer(ToolCall(at, texts, given_id if isinstance(given_id, str) else "", directory))
    except (Trouble, ValueError, sqlite3.Error) as error:
        return without_controls(str(error)), True
    except Exception as error:
        return without_controls(sentence_of(error)), True
    return lines(json.dumps({**found, "notes": notes} if notes else found, ensure_ascii=False)), False


def _checked(name: str, given: Mapping[str, Any]) -> tuple[AgentTool, Mapping[str, str]]:
    """The tool of a name and its arguments. Raises ValueError with a sentence."""
    tool = MCP_TOOL_OF.get(name)
    if tool is None:
        raise ValueError(f"there is no tool {shown_id(name[:40])}; there are {', '.join(MCP_TOOL_OF)}")
    texts: dict[str, str] = {}
    for key, value in given.items():
        schema = tool.arguments.get(key)
        if schema is None:
            raise ValueError(f"{name} takes no {shown_id(key[:40])}; it takes {', '.join(tool.arguments) or 'nothing'}")
        if value is None:
            continue  # some models name every argument
        if not isinstance(value, str):
            raise ValueError(f"{key} is no text; write one such as {schema.get('enum', ['today'])[0]!r}")
        if value not in schema.get("enum", [value]):
            raise ValueError(f"{key} is {value[:40]!r}; write one of {', '.join(schema['enum'])}")
        texts[key] = value
    return tool, texts


def _described(tool: AgentTool) -> Tool:
    schema = {"type": "object", "properties": dict(tool.arguments)}
    hints = ToolAnnotations(read_only_hint=True, open_world_hint=False)
    return Tool(name=tool.name, description=tool.description, input_schema=schema, annotations=hints)
