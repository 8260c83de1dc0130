"""What a terminal would act on, and how to find it in a text."""

from __future__ import annotations

import unicodedata

ESCAPES = (
    "\x1b]52;c;cm0gLXJm\x07",
    "\x1b[201~\nrm -rf ~\n",
    "\x1bP+q\x1b\\",
    "\x9d0;x\x9c",
    "\u202egnp.exe",
    "[/x][@click=x]",
)


def acts(text: str, allowed: str = "") -> list[str]:
    return [
        char
        for char in text
        if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") and char not in allowed + "\u200d"
    ]
