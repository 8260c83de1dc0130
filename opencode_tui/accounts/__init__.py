"""Who pays: OpenCode's sign-ins, and its services Zen, Go and console, each asked only where it is turned on."""
