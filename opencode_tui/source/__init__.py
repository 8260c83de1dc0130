"""Finds OpenCode's stores and reads them, read-only, into Sessions, Calls and ToolUses."""
