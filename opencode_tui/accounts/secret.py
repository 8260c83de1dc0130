"""A key or a cookie that no log, trace, message or JSON can show by accident."""

from __future__ import annotations

from typing import NoReturn


class Secret:
    """Holds a secret. Its text is only to be had by `reveal`; it cannot be copied into a file."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The secret, for the header of a request and for nothing else."""
        return self._text

    @property
    def is_sendable(self) -> bool:
        """Whether it can stand in a header: visible ASCII characters and blanks, not too many."""
        return 0 < len(self._text) <= 8192 and self._text.isascii() and self._text.isprintable()

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written anywhere")
