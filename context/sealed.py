"""JSON files of ours that hold the digest of their own content: a seal, so that a change is found out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from context.documents import UnreadableError, read_bytes, read_json
from context.errors import DamagedError, OtherFormatError
from context.files import SEAL, replacing, seal_of

_MARKS = (b'"label": "synthetic"', b'"seal": "', b'"format": ')  # a changed bit can't touch two of them


class Sealed(Protocol):
    """A file of ours in memory."""

    seal: str

    def model_dump_json(self, *, indent: int | None = None) -> str:
        """As JSON."""
        ...


def write_sealed(path: Path, model: Sealed) -> None:
    """Seal a model and write it durably in place. Raises RunError."""
    model.seal = seal_of(json.loads(model.model_dump_json()))
    with replacing([path], durable=True) as (beside,):
        beside.write_text(model.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read_sealed(path: Path) -> Any:
    """What stands in a JSON file; where it has a seal, the seal is unbroken.

    Raises DamagedError for a file of ours that was changed, UnreadableError for one that is no JSON.
    """
    try:
        data = read_json(path)
    except UnreadableError as error:
        if not error.is_missing and sum(mark in read_bytes(path) for mark in _MARKS) > 1:
            raise _broken(path) from None
        raise
    if isinstance(data, dict) and SEAL in data and data[SEAL] != seal_of(data):
        raise _broken(path)
    return data


def check_format(path: Path, data: Any, known: Sequence[int], then: str) -> None:
    """Raise OtherFormatError for a file of ours in no ``known`` format, with what to do ``then``."""
    given = data.get("format") if isinstance(data, dict) else None
    if isinstance(given, int) and given not in known:
        whose, allowed = "an older" if given < max(known) else "a newer", " or ".join(map(str, known))
        raise OtherFormatError(
            f"{path}: format {given}, allowed: {allowed}; written by {whose} version of Termtide: {then}"
        )


def check_sealed(path: Path, model: Sealed) -> None:
    """Raise DamagedError for a file of ours whose seal is missing."""
    if not model.seal:
        raise _broken(path)


def _broken(path: Path) -> DamagedError:
    return DamagedError(f"{path}: is not the file that was written: its seal is broken", str(path))
