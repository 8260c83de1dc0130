"""OpenCode's stores, read-only: where they are, and what they say as Sessions, Calls and ToolUses."""
