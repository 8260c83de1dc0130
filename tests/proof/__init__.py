"""Plays random histories of OpenCode's stores beside the program and proves that its ledger holds the truth.

`python -m tests.proof --help` says how. Nothing here that writes stores or works out what is true imports
`opencode_tui` or the builders of the other tests.
"""
