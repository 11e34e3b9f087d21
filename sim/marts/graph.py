"""What each mart reads, by its own query, and the order that follows."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache
from graphlib import CycleError, TopologicalSorter

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

import schemas
from context.errors import InputError
from schemas import Mart
from sim.sql.grammar.parse import parse_query


@cache
def parsed_once(sql: str) -> exp.Query:
    """The tree of a query with functions by their names in it; not to be changed. Raises InputError."""
    return parse_query(sql)


@cache
def parsed(sql: str) -> exp.Query:
    """The tree of a query with functions by what they mean; not to be changed. Raises InputError."""
    try:
        tree = sqlglot.parse_one(sql, read="bigquery")
    except SqlglotError as error:
        raise InputError(f"a mart's query: {str(error).strip().splitlines()[0]}") from error
    if not isinstance(tree, exp.Query):
        raise InputError(f"a mart's query: {tree.key.upper()} given, allowed: SELECT or WITH")
    return tree


def reads(mart: Mart) -> tuple[str, ...]:
    """Every table that a mart's query reads, as ``dataset.table``, sorted; none where there is no query.

    Raises InputError for a table without a dataset, which is no WITH clause's.
    """
    return () if mart.sql is None else _tables(mart.name, mart.sql)


@cache
def _tables(mart: str, sql: str) -> tuple[str, ...]:
    tree = parsed_once(sql)
    local = {cte.alias for cte in tree.find_all(exp.CTE)}
    found = set()
    for node in tree.find_all(exp.Table):
        name = ".".join(part.name for part in node.parts)
        if "." in name:
            found.add(name)
        elif name not in local:
            raise InputError(f"mart {mart}: reads {name}, allowed: dataset.table, or a WITH clause's name")
    return tuple(sorted(found))


def parameters(mart: Mart) -> frozenset[str]:
    """Names of a query's parameters: of run_date, begin_date and end_date."""
    if mart.sql is None:
        return frozenset()
    return _parameters(mart.sql)


@cache
def _parameters(sql: str) -> frozenset[str]:
    return frozenset(str(node.name) for node in parsed_once(sql).find_all(exp.Parameter))


def ordered(wanted: Collection[Mart]) -> list[Mart]:
    """The marts so that each comes after those of them that it reads. Raises InputError for a circle."""
    by_name = {mart.name: mart for mart in wanted}
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for name, mart in by_name.items():
        sorter.add(name, *(other for other in reads(mart) if other in by_name))
    try:
        sorter.prepare()
    except CycleError as error:
        raise InputError(f"marts in a circle: {' reads '.join(reversed(error.args[1]))}") from None
    found: list[Mart] = []
    while sorter.is_active():
        # Among those that may come, in the order of their names: the order is the same on every machine.
        ready = sorted(sorter.get_ready())
        found += [by_name[name] for name in ready]
        sorter.done(*ready)
    return found


def with_needed(wanted: Iterable[Mart]) -> list[Mart]:
    """The marts and all that they read, directly or not, in order. Raises InputError for a circle."""
    every = {mart.name: mart for mart in schemas.marts()}
    found: dict[str, Mart] = {}
    waiting = list(wanted)
    while waiting:
        mart = waiting.pop()
        if mart.name not in found:
            found[mart.name] = mart
            waiting += [every[name] for name in reads(mart) if name in every]
    return ordered(list(found.values()))
