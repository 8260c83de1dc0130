"""The command line: one parser, and one small module a command, imported when it is called."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence

from opencode_tui.cli.streams import harmless_streams

EXIT_OK = 0
EXIT_USAGE = 2
EXIT_TROUBLE = 3
EXIT_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and give its exit code: 0 done, 2 wrong command line, 3 something is wrong with the
    settings, the data directory or the ledger, 130 interrupted.
    """
    _open_streams()
    with harmless_streams():
        return _run(argv)


def _run(argv: Sequence[str] | None) -> int:
    from opencode_tui.cli.parser import make_parser

    arguments = make_parser().parse_args(argv)
    from opencode_tui.cli.common import Trouble

    try:
        code = int(arguments.run(arguments))
        sys.stdout.flush()
        return code
    except Trouble as trouble:
        print(f"opencode-tui: {trouble}", file=sys.stderr)
        return trouble.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # the reader (head, less) has gone
        silence_stdout()
        return EXIT_OK
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        silence_stdout()
        print(f"opencode-tui: the output cannot be written ({error.strerror}); make room for it", file=sys.stderr)
        return EXIT_TROUBLE


def silence_stdout() -> None:
    """Write nothing more: Python would complain once more as it flushes on its way out."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _open_streams() -> None:
    """A stream that the caller has closed (`>&-`) is none to Python; what is written to it goes nowhere."""
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
