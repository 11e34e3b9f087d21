"""``bigquery://PROJECT?location=US&prefix=test_&event_store=NAME``: project, place, and names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from urllib.parse import parse_qsl

import schemas
from context.errors import InputError

STAGING = "stage"
_DATASET = re.compile(r"[A-Za-z0-9_]{1,1024}")
_PROJECT = re.compile(r"[A-Za-z0-9._:-]{1,100}")  # emulators take any such
_LOCATION = re.compile(r"[A-Za-z]{2,}[a-z0-9-]*")


@dataclass(frozen=True)
class Address:
    """A URL, read. ``project`` may be empty: then it comes from the surroundings."""

    project: str
    location: str | None  # None: where the datasets are, or else US
    prefix: str
    names: dict[str, str]  # by the UDP name

    def dataset(self, name: str) -> str:
        """What a UDP dataset is called here."""
        return self.names.get(name, self.prefix + name)

    def staging(self, table: str, day: date) -> str:
        """The staging table of a day, in the dataset of ``schemas.META``."""
        return f"{STAGING}_{table}_{day:%Y%m%d}"


def read_address(text: str) -> Address:
    """What stands behind ``bigquery:``. Raises InputError."""
    found = re.fullmatch(r"//([^/?#]*)/?(?:\?([^#]*))?", text)
    if found is None:
        raise InputError(
            f"--to bigquery:{text}: allowed: bigquery://PROJECT, with ?location=, &prefix= and the like"
        )
    if found[1] and not _PROJECT.fullmatch(found[1]):
        raise InputError(
            f"--to bigquery:{text}: project {found[1]!r} given, allowed: letters, digits, -, _, . and :"
        )
    location, prefix, names = None, "", {}
    for key, value in parse_qsl(found[2] or "", keep_blank_values=True):
        if key == "location":
            location = _checked(text, key, value, _LOCATION, "a location such as US or europe-west3")
        elif key == "prefix":
            prefix = _checked(text, key, value, _DATASET, "letters, digits and _")
        elif key in _renamable():
            names[key] = _checked(text, key, value, _DATASET, "letters, digits and _")
        else:
            allowed = ("location", "prefix", *_renamable())
            near = get_close_matches(key, allowed, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise InputError(f"--to bigquery:{text}: {key}= given, allowed: {', '.join(allowed)}{hint}")
    target = Address(found[1], location, prefix, names)
    called = [target.dataset(name) for name in _renamable()]
    if twice := next((name for name in called if called.count(name) > 1), None):
        raise InputError(f"--to bigquery:{text}: {twice} would be two datasets in one; name them apart")
    return target


def _renamable() -> tuple[str, ...]:
    return (*schemas.DATASETS, *schemas.MART_DATASETS, schemas.META)


def _checked(text: str, key: str, value: str, pattern: re.Pattern[str], allowed: str) -> str:
    if not pattern.fullmatch(value):
        raise InputError(f"--to bigquery:{text}: {key}={value!r} given, allowed: {allowed}")
    return value
