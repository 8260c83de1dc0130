"""A terminal dashboard for what OpenCode costs."""
