"""JSON documents changed at a path: each function takes a document and, as JSON text, what to do to it.

What to do begins with the path, as a list of keys and indexes. What a path does not fit is left as it is.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sim.sql.columnar.json_numbers import json_of, text_of_json

Path = Sequence[str | int]


class _Ignored(Exception):  # noqa: N818 - a way out, no error
    """The path leads through something that it does not fit."""


def json_set(document: str, what: str) -> str:
    """JSON_SET of one path: [path, value, whether to create what is missing]."""
    path, value, creates = json_of(what)
    tree = json_of(document)
    try:
        return text_of_json(_put(tree, path, value, creates=creates))
    except _Ignored:
        return document


def json_remove(document: str, what: str) -> str:
    """JSON_REMOVE of one path: [path]."""
    tree, (path,) = json_of(document), json_of(what)
    parent = _at(tree, path[:-1])
    if not _has(parent, path[-1]):
        return document
    del parent[_step(path[-1])]
    return text_of_json(tree)


def json_array_append(document: str, what: str) -> str:
    """JSON_ARRAY_APPEND of one path: [path, values]."""
    path, values = json_of(what)
    return _changed(document, path, lambda found: [*(found or []), *values])


def json_array_insert(document: str, what: str) -> str:
    """JSON_ARRAY_INSERT of one path: [path, values]; the path ends with an index."""
    path, values = json_of(what)
    if not path or isinstance(_step(path[-1]), str):
        return document
    index = int(_step(path[-1]))

    def inserted(found: list[Any] | None) -> list[Any]:
        known = found or []
        padded = [*known, *[None] * max(0, index - len(known))]
        return [*padded[:index], *values, *padded[index:]]

    return _changed(document, path[:-1], inserted)


def json_strip_nulls(document: str, what: str) -> str:
    """JSON_STRIP_NULLS at one path: [path, of arrays too, empty ones too]."""
    path, arrays, empty = json_of(what)
    tree = json_of(document)
    try:
        found = _at(tree, path)
        return text_of_json(_put(tree, path, _stripped(found, arrays=arrays, empty=empty), creates=False))
    except _Ignored:
        return document


def _step(step: Any) -> str | int:
    """A step; indexes come as the texts of numbers, quoted keys as texts in a list."""
    return step[0] if isinstance(step, list) else int(step)


def _has(node: Any, step: Any) -> bool:
    at = _step(step)
    if isinstance(at, str):
        return isinstance(node, dict) and at in node
    return isinstance(node, list) and at < len(node)


def _at(node: Any, path: Path) -> Any:
    """What stands at a path; _NOTHING if there is nothing."""
    for step in path:
        if not _has(node, step):
            return _NOTHING
        node = node[_step(step)]
    return node


_NOTHING = object()


def _put(node: Any, path: Path, value: Any, *, creates: bool) -> Any:
    """The node with a value at a path. Raises _Ignored."""
    if node is _NOTHING or (path and node is None and not creates):
        raise _Ignored
    if not path:
        return value
    step: Any = _step(path[0])
    if node is None:
        node = {} if isinstance(step, str) else []
    wanted: type = dict if isinstance(step, str) else list
    if not isinstance(node, wanted):
        raise _Ignored
    there = _has(node, path[0])
    if not there and not creates:
        raise _Ignored
    changed: Any = node
    inner = _put(changed[step] if there else None, path[1:], value, creates=creates)
    if isinstance(step, int):
        changed.extend([None] * (step + 1 - len(changed)))
    changed[step] = inner
    return changed


def _changed(document: str, path: Path, change: Any) -> str:
    """The document with the array, or null, at a path changed."""
    tree = json_of(document)
    found = _at(tree, path)
    if found is _NOTHING or not (found is None or isinstance(found, list)):
        return document
    return text_of_json(_put(tree, path, change(found), creates=False))


def _stripped(node: Any, *, arrays: bool, empty: bool) -> Any:
    if node is _NOTHING:
        raise _Ignored
    if isinstance(node, dict):
        kept = {key: _stripped(value, arrays=arrays, empty=empty) for key, value in node.items()}
        kept = {key: value for key, value in kept.items() if value is not None}
        return None if empty and not kept else kept
    if isinstance(node, list):
        items = [_stripped(item, arrays=arrays, empty=empty) for item in node]
        if not arrays:  # what became nothing was an object
            return [
                {} if new is None and old is not None else new for old, new in zip(node, items, strict=True)
            ]
        items = [item for item in items if item is not None]
        return None if empty and not items else items
    return node


def path_text(steps: Sequence[str | int]) -> str:
    """A path in the form that these functions read."""
    return json.dumps([[step] if isinstance(step, str) else step for step in steps])
