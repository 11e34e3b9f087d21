"""Files of courses: each type has names and sizes of its own."""

from __future__ import annotations

from math import fsum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from context import columns as frame
from context import rng
from context.arrays import DAY_MS, F64, I64, NO_TIME
from context.columns import Coded, Maybe
from context.tables.every_table import Columns, coded, drawn, touched
from context.tables.titles import object_titles
from context.terms.drawn import Drawn

_EXTENSIONS = {
    "application/pdf": ".pdf",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "text/plain": ".txt",
    "text/html": ".html",
    "text/csv": ".csv",
    "video/mp4": ".mp4",
    "audio/mpeg": ".mp3",
    "application/zip": ".zip",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.ms-powerpoint": ".ppt",
    "application/msword": ".doc",
    "application/vnd.ms-excel": ".xls",
}
GROUPS = ("text", "slides", "data", "image", "media", "archive")
_SLIDES = ("presentationml", "powerpoint")
_DATA = ("spreadsheetml", "excel", "text/csv")
# Purposes of randomness: what each number draws.
_CONTENT_TYPE, _SIZE, _SIZE_REST, _FILE_LOCKED = 182, 183, 184, 185
_FILE_HIDDEN, _FILE_LOCKABLE, _FOLDER, _FILE_CLOSED = 186, 187, 188, 189
_FILE_WAS_VIEWED, _FILE_DAYS_AHEAD, _FILE_PLANNED, _FILE_VIEWED = 190, 191, 192, 193


def content_types(d: Drawn) -> Coded:
    """The type of each file."""
    return coded(d, "file", "content_type", d.content.files.key, _CONTENT_TYPE)


def _group(content_type: str | None) -> str:
    """Which of GROUPS a type belongs to."""
    name = str(content_type)
    for group, words in (("slides", _SLIDES), ("data", _DATA), ("image", ("image/",)), ("archive", ("zip",))):
        if any(word in name for word in words):
            return group
    return "media" if name.startswith(("video/", "audio/")) else "text"


def _size_group(content_type: str | None) -> str:
    """Which relative size of the pack a type has: that of its group, or of what is letters alone."""
    group = _group(content_type)
    return "plain" if group == "text" and str(content_type).startswith("text/") else group


def file_titles(d: Drawn, week: I64) -> pa.Array:
    """Titles of all files, by the templates of their group: slides, data, figures, recordings."""
    f, kind = d.content.files, content_types(d)
    group = np.array([GROUPS.index(_group(value)) for value in kind.values])[kind.codes]
    parts = [np.flatnonzero(group == code) for code in range(len(GROUPS))]
    made = [
        object_titles(
            d, "file" if name == "text" else f"file_{name}", f.offering[rows], week[rows], f.key[rows]
        )
        for name, rows in zip(GROUPS, parts, strict=True)
    ]
    order = np.argsort(np.concatenate(parts), kind="stable")
    return pa.concat_arrays(made).take(pa.array(order))


def _weights(d: Drawn, kind: Coded) -> F64:
    """How large each file's type is against the pack's law of sizes, which all but films and sound have."""
    shares = d.pack.categorical("file", "content_type").shares()
    scale = {str(v): d.pack.number(f"file.size_{_size_group(v)}") for v in kind.values}
    light = [str(v) for v in kind.values if _group(v) != "media"]
    mean = fsum(shares[v] * scale[v] for v in light) / max(fsum(shares[v] for v in light), 1e-9)
    return np.asarray(np.array([scale[str(v)] / mean for v in kind.values])[kind.codes])


def files(d: Drawn, titles: pa.Array) -> Columns:
    """Files of courses."""
    f = d.content.files
    kind = content_types(d)
    endings = Coded(kind.codes, [_EXTENSIONS.get(str(value), ".bin") for value in kind.values])
    size = (drawn(d, "file", "size_kb", f.key, _SIZE) * 1024 * _weights(d, kind)).astype(np.int64)
    size += rng.integer(rng.extend(f.key, _SIZE_REST), 1024)
    # Some are put up ahead and open by themselves.
    planned = d.coin(f.key, _FILE_PLANNED, 0.06)
    room = np.maximum(d.close_ms - DAY_MS - f.release_ms, 1)
    viewed = f.release_ms + (rng.uniform(rng.extend(f.key, _FILE_VIEWED)) * room).astype(np.int64)
    return {
        "course_offering_id": f.offering + 1,
        "wiki_id": Maybe(f.offering + 1, np.zeros(len(f), np.bool_)),
        "person_id": d.course_teacher[f.offering] + 1,
        "uploader_id": d.course_teacher[f.offering] + 1,
        "owner_entity_type": "course",
        "display_name": frame.join(pc.replace_substring_regex(titles, "[^A-Za-z0-9]+", "_"), endings),
        "content_type": kind,
        "size": size,
        "status": Coded(
            d.coin(f.key, _FILE_HIDDEN, "file.hidden_share").astype(np.int64), ("available", "hidden")
        ),
        "can_be_locked": d.coin(f.key, _FILE_LOCKABLE, "file.lockable_share"),
        "is_locked": d.coin(f.key, _FILE_LOCKED, "file.locked_share"),
        "folder_id": f.offering * 8 + 1 + rng.integer(rng.extend(f.key, _FOLDER), 6),
        "unlocked_date": np.where(planned, f.release_ms, NO_TIME),
        "locked_date": np.where(d.coin(f.key, _FILE_CLOSED, 0.015), d.close_ms - 3 * DAY_MS, NO_TIME),
        "viewed_date": np.where(d.coin(f.key, _FILE_WAS_VIEWED, 0.8), viewed, NO_TIME),
        "created_date": f.release_ms
        - planned * (1 + rng.integer(rng.extend(f.key, _FILE_DAYS_AHEAD), 12)) * DAY_MS,
        "updated_date": touched(d, f.release_ms, f.key),
    }, len(f)
