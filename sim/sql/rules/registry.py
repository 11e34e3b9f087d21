"""All rules by the name that BigQuery gives a function, and what to use instead of those not here."""

from __future__ import annotations

from difflib import get_close_matches

from sim.sql.grammar.values import Value
from sim.sql.rules import arrays, numbers, printf
from sim.sql.rules.aggregates import AGGREGATES, SPECIAL, WINDOWS
from sim.sql.rules.calls import Call, Rule
from sim.sql.rules.jsons import changing, reading, writing
from sim.sql.rules.signatures import Signature, apply
from sim.sql.rules.texts import letters
from sim.sql.rules.times import arithmetic, clocks, formats, parses

_MODULES = (arrays, arithmetic, clocks, formats, letters, numbers, parses, printf, reading)
RULES: dict[str, Rule] = {**writing.MAKING, **changing.CHANGING}
SIGNATURES: dict[str, list[Signature]] = {}
for _module in _MODULES:
    RULES |= getattr(_module, "RULES", {})
    SIGNATURES |= getattr(_module, "SIGNATURES", {})
AGGREGATE_NAMES = frozenset((*AGGREGATES, *SPECIAL))
WINDOW_NAMES = frozenset(WINDOWS)
# What BigQuery has and this has not.
_INSTEAD = {
    "SEARCH": "LIKE, CONTAINS_SUBSTR or REGEXP_CONTAINS",
    "MAKE_INTERVAL": "INTERVAL n PART",
    "SESSION_USER": "a text of your own",
    "HLL_COUNT.INIT": "APPROX_COUNT_DISTINCT",
    "HLL_COUNT.MERGE": "COUNT(DISTINCT value)",
    "SHA512": "SHA256",
    "COLLATE": "LOWER",
    "JSON_CONTAINS": "IN UNNEST(JSON_VALUE_ARRAY(json))",
    "JSON_FLATTEN": "UNNEST(JSON_QUERY_ARRAY(json))",
    **dict.fromkeys(
        ("JUSTIFY_DAYS", "JUSTIFY_HOURS", "JUSTIFY_INTERVAL"), "TIMESTAMP_DIFF or EXTRACT of the interval"
    ),
    **dict.fromkeys(("COSINE_DISTANCE", "EUCLIDEAN_DISTANCE"), "SQRT and SUM over UNNEST ... WITH OFFSET"),
    **dict.fromkeys(
        ("RANGE", "RANGE_CONTAINS", "RANGE_END", "RANGE_INTERSECT", "RANGE_OVERLAPS", "RANGE_START"),
        "two columns and comparisons",
    ),
    "GENERATE_RANGE_ARRAY": "GENERATE_DATE_ARRAY",
    "HLL_COUNT.EXTRACT": "APPROX_COUNT_DISTINCT",
    "HLL_COUNT.MERGE_PARTIAL": "COUNT(DISTINCT value)",
    "FROM_BASE32": "FROM_BASE64",
    "TO_BASE32": "TO_BASE64",
}


def has_rule(name: str) -> bool:
    """Whether a function, no aggregate, is known."""
    return name in RULES or name in SIGNATURES


def call_value(call: Call) -> Value:
    """The value of a function's call. Raises InputError in BigQuery's words."""
    rule = RULES.get(f"{call.name}/{len(call.arguments)}") or RULES.get(call.name)
    if rule is not None:
        return rule(call)
    if call.name not in SIGNATURES:
        raise unknown(call)
    values = [call.value(i) for i in range(len(call.arguments))]
    return apply(call.node, call.name, SIGNATURES[call.name], values, safe=call.safe)


def unknown(call: Call) -> Exception:
    """The error for a function that is not known."""
    if call.name in _INSTEAD:
        return call.refused(f"function {call.name} is not available here; use {_INSTEAD[call.name]}")
    if call.name.startswith("ST_"):
        return call.refused(f"function {call.name} is not available here; no table here has places")
    names = [
        name
        for name in (*RULES, *SIGNATURES, *AGGREGATE_NAMES, *WINDOW_NAMES)
        if name[0].isalpha() and "/" not in name
    ]
    near = get_close_matches(call.name, names, n=1, cutoff=0.75)
    hint = f"; Did you mean {near[0].lower()}?" if near else ""
    return call.refused(f"Function not found: {call.name.lower()}{hint}")
