"""The guard: an OpenCode plugin that refuses model calls past the cutoff, and the state file with its limits."""
