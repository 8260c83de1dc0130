"""Plays random histories of OpenCode's stores and checks that the program's ledger matches what was really billed.

See `python -m tests.proof --help`. The modules that write stores or compute the expected result do not import
`opencode_tui` or the builders of the other tests.
"""
