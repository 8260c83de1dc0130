"""The options of all commands: a file for a few that belong together, imported when one of them is called."""
