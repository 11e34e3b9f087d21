"""Kinds of events, read from ``schemas/caliper/kinds.toml``; their order there is the code in a batch."""

from __future__ import annotations

from dataclasses import dataclass, replace

import schemas


@dataclass(frozen=True)
class Kind:
    """One kind of event; the fields are explained in the data file."""

    name: str
    type: str
    action: str
    table: str
    object_type: str
    tool: str = ""
    sensor: str = "canvas"
    asset_type: str = ""
    asset_subtype: str = ""
    urn: str = ""
    path: str = ""
    referrer: str = ""
    api: str = ""
    role: str = "Student"
    actor: str = "person"
    context: str = "course"
    entity: str = ""
    column: str = ""

    @property
    def is_view(self) -> bool:
        """Whether it is a page view of Canvas (asset_accessed)."""
        return bool(self.asset_type)

    @property
    def opens_object(self) -> bool:
        """Whether its object is one among a course's, not the course or a person itself."""
        return self.is_view and self.table not in ("course", "user")


def _read() -> tuple[Kind, ...]:
    """The kinds of the data file, then the twins of those that have an API call behind them."""
    kinds = tuple(Kind(**entry) for entry in schemas.event_kinds())
    twin = {"referrer": "", "role": "twin", "context": "user", "api": ""}
    twins = (replace(kind, name=kind.name + TWIN, path=kind.api, **twin) for kind in kinds if kind.api)
    return (*kinds, *twins)


TWIN = "_api"  # of a kind's name: its twin's
KINDS = _read()
KIND = {kind.name: code for code, kind in enumerate(KINDS)}
_EXTENSION = "$['com.instructure.canvas']"


def tool_sql(domains: dict[str, str]) -> str:
    """A BigQuery expression over ``event_store.expanded`` that gives an event's tool back.

    ``domains``: launch domain of each external tool -> tool, of the pack. Logins give "login", events of
    staff and system and twins NULL. This is the one derivation of tools, for fit, marts and tests alike.
    """

    def field(name: str) -> str:
        return f"JSON_EXTRACT_SCALAR(object.extensions, \"{_EXTENSION}['{name}']\")"

    cases = []
    for kind in KINDS:
        if kind.role in ("staff", "system", "twin"):
            continue
        if not kind.is_view:
            # A page view without an asset type is not Canvas's.
            bare = f" AND {field('asset_type')} IS NULL" if kind.type == "NavigationEvent" else ""
            cases.append(f"WHEN type = '{kind.type}' AND action = '{kind.action}'{bare} THEN '{kind.tool}'")
        elif kind.tool:
            subtype = f" AND {field('asset_subtype')} = '{kind.asset_subtype}'" if kind.asset_subtype else ""
            # A twin shows what its page shows, but came through the API.
            page = f" AND {field('developer_key_id')} IS NULL" if kind.api else ""
            cases.append(
                f"WHEN {field('asset_type')} = '{kind.asset_type}'{subtype}{page} THEN '{kind.tool}'"
            )
        else:
            cases += [
                f"WHEN {field('domain')} = '{domain}' THEN '{tool}'" for domain, tool in domains.items()
            ]
    return "CASE " + " ".join(cases) + " END"
