"""The guard: a plugin of OpenCode's that refuses model calls past the cutoff, and the file it takes its limits from."""
