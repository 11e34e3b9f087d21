"""Kinds of events, read from ``schemas/caliper/kinds.toml``; their order there is the code in a batch."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True)
class Kind:
    """One kind of event; the fields are explained in the data file."""

    name: str
    tool: str
    type: str
    action: str
    table: str
    object_type: str
    asset_type: str
    asset_subtype: str
    urn: str
    path: str
    referrer: str
    role: str

    @property
    def is_view(self) -> bool:
        """Whether it is a page view (asset_accessed)."""
        return bool(self.asset_type)

    def url(self, base: str) -> str:
        """Template of the page's address; ``{course}``, ``{id}`` and their like are filled in per object."""
        if self.table == "none":
            return f"{base}/login/saml"
        api = "/api/v1" if self.table == "post" or self.role == "staff" else ""
        return f"{base}{api}/courses/{{course}}{self.path}"

    def referrer_url(self, base: str) -> str:
        """Template of the address of the page that leads there, "" where the vendor sends none."""
        if self.table == "none":
            domain = base.split("//", 1)[1].split(".", 1)[-1]
            return f"https://idp.{domain}/idp/profile/SAML2/Redirect/SSO?execution=e2s1"
        if self.name == "course_home":
            return f"{base}/"
        return f"{base}/courses/{{course}}{self.referrer.rstrip('/')}" if self.referrer else ""


def _read() -> tuple[Kind, ...]:
    text = resources.files("schemas").joinpath("caliper/kinds.toml").read_text(encoding="utf-8")
    return tuple(Kind(**entry) for entry in tomllib.loads(text)["kind"])


KINDS = _read()
KIND = {kind.name: code for code, kind in enumerate(KINDS)}
_EXTENSION = "$['com.instructure.canvas']"


def tool_sql(domains: dict[str, str]) -> str:
    """A BigQuery expression over ``event_store.expanded`` that gives an event's tool back.

    ``domains``: launch domain of each external tool -> tool, of the pack. Logins give "login", events of
    staff and system NULL. This is the one derivation of tools, for fit, marts and tests alike.
    """

    def field(name: str) -> str:
        return f"JSON_EXTRACT_SCALAR(object.extensions, \"{_EXTENSION}['{name}']\")"

    cases = []
    for kind in KINDS:
        if kind.role == "staff":
            continue
        if not kind.is_view:
            cases.append(f"WHEN type = '{kind.type}' AND action = '{kind.action}' THEN '{kind.tool}'")
        elif kind.tool:
            subtype = f" AND {field('asset_subtype')} = '{kind.asset_subtype}'" if kind.asset_subtype else ""
            cases.append(f"WHEN {field('asset_type')} = '{kind.asset_type}'{subtype} THEN '{kind.tool}'")
        else:
            cases += [
                f"WHEN {field('domain')} = '{domain}' THEN '{tool}'" for domain, tool in domains.items()
            ]
    return "CASE " + " ".join(cases) + " END"
