"""The command line: one parser, and one module for each command, imported when it is called."""

from __future__ import annotations

import codecs
import errno
import gc
import io
import os
import sys
from collections.abc import Sequence

from opencode_tui.cli.streams import harmless_streams
from opencode_tui.records.collecting import collect_rarely

EXIT_OK = 0
EXIT_USAGE = 2
EXIT_TROUBLE = 3
EXIT_INTERRUPTED = 130
_SIMILAR = {"≥": ">=", "…": "...", "·": "-", "–": "-", "→": "->", "×": "x", "“": '"', "”": '"', "’": "'"}


class Trouble(Exception):
    """The command cannot continue. The message is one sentence."""

    def __init__(self, sentence: str, exit_code: int = EXIT_TROUBLE) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


def program() -> int:
    """`main` as a whole process.

    At its end Python would search all that is left for garbage, which takes an eighth of `status`.
    """
    collect_rarely()
    try:
        return main()
    finally:
        gc.freeze()


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    0 done, 2 wrong command line, 3 trouble with the settings, the data directory or the ledger, 130 interrupted.
    """
    _open_streams()
    with harmless_streams():
        return _run(argv)


def _run(argv: Sequence[str] | None) -> int:
    from opencode_tui.cli.quick_start import import_msgspec

    import_msgspec()  # before anything that imports it
    from opencode_tui.cli.parser import COMMANDS, make_parser

    words = sys.argv[1:] if argv is None else argv
    parser = make_parser(words[0] if words and words[0] in COMMANDS else "")
    arguments = parser.parse_args(words)
    if getattr(arguments, "demo", False) and arguments.run is not parser.get_default("run"):
        parser.error("--demo shows the dashboard, and takes no COMMAND")
    try:
        code = int(arguments.run(arguments))
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # the reader, such as head, has closed the pipe
        silence_stdout()
        return EXIT_OK
    except Trouble as trouble:
        return _complain(str(trouble), trouble.exit_code)
    except OSError as error:
        if error.errno == errno.ENOSPC and error.filename is None:
            silence_stdout()
            return _complain(f"the output cannot be written ({error.strerror}); make room for it")
        return _complain(sentence_of(error))
    except Exception as error:
        return _complain(sentence_of(error))


def sentence_of(error: Exception) -> str:
    """One sentence about an error that no command has expected."""
    from opencode_tui.paths import NoHomeError

    if isinstance(error, OSError):
        return f"{error.strerror or error}: {error.filename or 'a file or a directory'}; see to its rights"
    if isinstance(error, NoHomeError):
        return str(error)
    return f"this should not happen, please report it: {type(error).__name__}: {error} ({_place(error)})"


def _complain(sentence: str, code: int = EXIT_TROUBLE) -> int:
    print(f"opencode-tui: {without_controls(sentence)}", file=sys.stderr)
    return code


def without_controls(text: str) -> str:
    """The text with control characters replaced by spaces."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _place(error: BaseException) -> str:
    """The file and line of our code that raised an error."""
    place, trace = "", error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if "opencode_tui" in file:
            place = f"{file.rpartition('opencode_tui')[2].lstrip('/')}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def silence_stdout() -> None:
    """Discard further output, so that Python's flush at exit raises no error."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _open_streams() -> None:
    """Make standard output and error writable for any text.

    A stream that the caller closed (`>&-`) becomes os.devnull. A terminal that is not UTF-8 gets a similar character,
    or `?`, for what it cannot encode.
    """
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    codecs.register_error("similar", _similar)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="similar")


def _similar(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    return "".join(_SIMILAR.get(letter, "?") for letter in letters), error.end
