"""Finds the proof in a paper of any format."""

from __future__ import annotations

import csv
import io
import json
import re

from opencode_tui.records.proof import Proof
from opencode_tui.report.papers.csv_paper import CSV_COLUMNS, rows_text
from opencode_tui.report.papers.json_paper import json_text
from opencode_tui.report.papers.proofs import read_proof

_COMMENT = re.compile(r"^<!-- opencode-tui report: (\{[^\n]*\}) -->\r?$", re.MULTILINE)
_FOREIGN = "it is no report of opencode-tui's"


def proof_in(text: str) -> Proof:
    """The proof of a paper. Raises ValueError with the end of a sentence about the paper."""
    text = text.removeprefix("\ufeff")
    try:
        if text.lstrip().startswith("{"):
            return _of_json(text)
        if text.startswith(",".join(CSV_COLUMNS)):
            return _of_csv(text)
        return _of_comment(text)
    except (json.JSONDecodeError, csv.Error, RecursionError):
        raise ValueError(f"{_FOREIGN}, or is damaged") from None


def _of_json(text: str) -> Proof:
    paper = json.loads(text)
    if "proof" not in paper:
        raise ValueError(_FOREIGN)
    found = paper.pop("proof")
    return read_proof(found, json_text(paper))


def _of_csv(text: str) -> Proof:
    rows = list(csv.reader(io.StringIO(text.replace("\r\n", "\n"), newline="")))
    proofs = [row for row in rows if row[:1] == ["proof"]]
    if len(proofs) != 1:
        raise ValueError("it is damaged: its proof is missing")
    at = CSV_COLUMNS.index("text")
    return read_proof(json.loads("".join(proofs[0][at : at + 1])), rows_text(row for row in rows if row != proofs[0]))


def _of_comment(text: str) -> Proof:
    found = list(_COMMENT.finditer(text))
    if len(found) != 1:
        raise ValueError(_FOREIGN if not found else "it is damaged: it has several proofs")
    rest = text[: found[0].start()] + text[found[0].end() :]
    return read_proof(json.loads(found[0][1]), rest)
