"""The proof as it is embedded in a paper, and found again.

It is an object of JSON: in a JSON paper under `proof`, in CSV in the row of that name, in Markdown and HTML in a
comment. It has a digest of the paper too, itself included, so that a paper that was changed or cut is recognised.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec

from opencode_tui.ledger.digests import DIGEST_FIELDS
from opencode_tui.records.cost_report import CostReport
from opencode_tui.records.proof import Proof
from opencode_tui.report.json_values import SCHEMA_VERSION


def proof_json(report: CostReport, start_ms: int, end_ms: int, rest: str) -> dict[str, Any]:
    """The proof of a report between two moments (Unix ms); `rest` is the paper without it."""
    proof = {
        "schema_version": SCHEMA_VERSION,
        "label": report.label,
        "first": report.first.isoformat(),
        "last": report.last.isoformat(),
        "timezone": report.timezone,
        "start_ms": start_ms,
        "end_ms": end_ms,
        "fields": list(DIGEST_FIELDS),
        "sha256": report.digest.sha256,
        "days": [msgspec.to_builtins(day) for day in report.digest.days],
    }
    return proof | {"paper_sha256": _paper_sha256(proof, rest)}


def proof_text(proof: dict[str, Any]) -> str:
    """The proof on one line that can stand in a comment of HTML."""
    text = json.dumps(proof, separators=(",", ":"))
    return text.replace("--", "-\\u002d").replace("<", "\\u003c").replace(">", "\\u003e")


def _paper_sha256(proof: dict[str, Any], rest: str) -> str:
    """The digest of a paper and of its proof without this digest, whatever the paper's line ends have become."""
    lines = rest.removeprefix("\ufeff").replace("\r\n", "\n").strip()
    known = json.dumps({key: value for key, value in proof.items() if key != "paper_sha256"}, sort_keys=True)
    return hashlib.sha256(f"{lines}\n{known}\n".encode("utf-8", "surrogatepass")).hexdigest()


def read_proof(found: object, rest: str) -> Proof:
    """The proof from its JSON. Raises ValueError if it is damaged, or does not belong to the rest of the paper."""
    if not isinstance(found, dict):
        raise ValueError("its proof is damaged")
    if found.get("schema_version") != SCHEMA_VERSION or found.get("fields") != list(DIGEST_FIELDS):
        raise ValueError("its proof is of another version of opencode-tui")
    try:
        proof = msgspec.convert(found, Proof)
    except msgspec.ValidationError:
        raise ValueError("its proof is damaged") from None
    if not _is_in_order(proof):
        raise ValueError("its proof is damaged")
    if found.get("paper_sha256") != _paper_sha256(found, rest):
        raise ValueError("it was changed after it was written, or is damaged")
    return proof


def _is_in_order(proof: Proof) -> bool:
    """Whether the days follow each other within the period."""
    at = proof.start_ms
    for day in proof.days:
        if not at <= day.start_ms < day.end_ms <= proof.end_ms:
            return False
        at = day.end_ms
    return -(1 << 62) < proof.start_ms < proof.end_ms < 1 << 62
