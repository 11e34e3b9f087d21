"""Lines of a journal and their seals: each line ends with a digest of itself and of the seal before it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import xxhash

from context.errors import DamagedError

_SEAL = b',"seal":"'
# A changed bit can't touch two of them.
_MARKS = (
    _SEAL, b'"identity":', b'"cursors":', b'"ack":', b'"mark":', b'{"below":', b',"at":', b'{"paused":',
    b'{"stage":', b'{"ahead":',
)  # fmt: skip
_SEAL_BYTES = len(_SEAL) + 16 + 2  # behind a line's content


def seal_line(line: dict[str, Any], before: str) -> tuple[bytes, str]:
    """(a line of the journal, its seal), behind a line with the seal ``before``."""
    content = orjson.dumps(line)[:-1]
    seal = xxhash.xxh3_64(before.encode() + content).hexdigest()
    return content + _SEAL + seal.encode() + b'"}\n', seal


def _is_sealed(raw: bytes, before: str = "") -> bool:
    seal = xxhash.xxh3_64(before.encode() + raw[:-_SEAL_BYTES]).hexdigest()
    return raw.endswith(_SEAL + seal.encode() + b'"}')


def open_line(raw: bytes, before: str, path: Path) -> tuple[Any, str]:
    """(the content of a line, its seal). Raises DamagedError, ValueError for a line of another file."""
    if _is_sealed(raw, before):
        return orjson.loads(raw[:-_SEAL_BYTES] + b"}"), raw[-18:-2].decode()
    if sum(mark in raw for mark in _MARKS) < 2:
        raise ValueError("no line of a journal")
    told = "is not the file that was written: a seal is broken; --fresh begins anew"
    raise DamagedError(f"{path}: {told}", str(path))


def format_of(line: bytes, usual: int) -> object:
    """The format that a journal's first line tells; of one that was changed its seal tells the ``usual``."""
    if _SEAL in line and not _is_sealed(line):
        return usual
    saved = orjson.loads(line)
    return saved.get("format", usual) if isinstance(saved, dict) else usual
