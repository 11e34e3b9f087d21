"""Reading transactions, EXECUTE IMMEDIATE, and procedures, token by token."""

from __future__ import annotations

from typing import Protocol

from sqlglot import exp
from sqlglot.tokenizer_core import Token

from context.errors import InputError
from sim.sql.script.structure import (
    Argument,
    Block,
    CallStep,
    DropProcedure,
    Execute,
    Procedure,
    Step,
    Transaction,
)
from sim.sql.script.written_types import type_of

_MODES = ("IN", "OUT", "INOUT")


class TokenReader(Protocol):
    """What reads a script: its tokens, and where it is."""

    text: str
    tokens: list[Token]
    at: int

    def word(self, ahead: int = 0) -> str:
        """A token in capitals; "" at the end."""
        ...

    def take(self, *words: str, of: str, line: int) -> None:
        """Pass over words that must come next."""
        ...

    def name(self) -> str:
        """A name, in small letters."""
        ...

    def block(self, line: int, label: str = "") -> Block:
        """BEGIN ... END."""
        ...

    def expression(self, *words: str, of: str, line: int, take: bool = True, must: bool = True) -> exp.Expr:
        """An expression that ends before one of the words, or with the statement."""
        ...


def routine(reader: TokenReader, line: int) -> Step | None:
    """The step that begins here; None if it is none of these. Raises InputError."""
    word = reader.word()
    if word.split(" ")[0] in ("BEGIN", "COMMIT", "ROLLBACK"):  # two words are one token, or two
        reader.at += 1
        if reader.word() == "TRANSACTION":
            reader.at += 1
        return Transaction(line, word.split()[0])
    if word == "EXECUTE":
        reader.take("EXECUTE", "IMMEDIATE", of=word, line=line)
        return _execute(reader, line)
    if word == "CALL":
        reader.at += 1
        name = _table(reader)
        return CallStep(line, name, _values(reader, line))
    if word == "CREATE" and _is_procedure(reader):
        return _procedure(reader, line)
    if word == "DROP" and reader.word(1) == "PROCEDURE":
        reader.at += 2
        forgiving = reader.word() == "IF"
        if forgiving:
            reader.take("IF", "EXISTS", of="DROP PROCEDURE", line=line)
        return DropProcedure(line, _table(reader), forgiving)
    return None


def _is_procedure(reader: TokenReader) -> bool:
    return "PROCEDURE" in (reader.word(1), reader.word(3) if reader.word(1) == "OR" else "")


def _execute(reader: TokenReader, line: int) -> Execute:
    """EXECUTE IMMEDIATE text [INTO a, b] [USING value [AS name], ...]."""
    text = reader.expression("INTO", "USING", of="EXECUTE IMMEDIATE", line=line, take=False, must=False)
    into: list[str] = []
    if reader.word() == "INTO":
        reader.at += 1
        into.append(reader.name())
        while reader.word() == ",":
            reader.at += 1
            into.append(reader.name())
    values: list[tuple[str, exp.Expr]] = []
    if reader.word() == "USING":
        while not values or reader.word() == ",":
            reader.at += 1
            value = reader.expression(",", "AS", of="USING", line=line, take=False, must=False)
            named = reader.word() == "AS"
            reader.at += named
            values.append((reader.name() if named else "", value))
        if len({bool(name) for name, _ in values}) > 1:
            raise InputError(f"line {line}: USING given with and without AS, allowed: one of the two")
    return Execute(line, text, tuple(into), tuple(values))


def _table(reader: TokenReader) -> exp.Table:
    """A dotted name."""
    parts = [reader.tokens[reader.at].text] if reader.at < len(reader.tokens) else [""]
    reader.at += 1
    while reader.word() == "." and reader.at + 1 < len(reader.tokens):
        parts.append(reader.tokens[reader.at + 1].text)
        reader.at += 2
    names = [exp.to_identifier(part, quoted=True) for part in ".".join(parts).split(".")]
    return exp.Table(**dict(zip(("this", "db", "catalog"), reversed(names), strict=False)))


def _values(reader: TokenReader, line: int) -> tuple[exp.Expr, ...]:
    """The values in brackets of a CALL."""
    reader.take("(", of="CALL", line=line)
    found: list[exp.Expr] = []
    while reader.word() != ")":
        if found:
            reader.take(",", of="CALL", line=line)
        found.append(reader.expression(",", ")", of="CALL", line=line, take=False))
    reader.at += 1
    return tuple(found)


def _procedure(reader: TokenReader, line: int) -> Procedure:
    """CREATE [OR REPLACE] PROCEDURE [IF NOT EXISTS] name (arguments) [OPTIONS (...)] BEGIN ... END."""
    of, start, word = "CREATE PROCEDURE", reader.tokens[reader.at].start, ""
    reader.at += 1
    if reader.word() == "OR":
        reader.take("OR", "REPLACE", of=of, line=line)
        word = "OR REPLACE"
    reader.at += 1
    if reader.word() == "IF":
        reader.take("IF", "NOT", "EXISTS", of=of, line=line)
        word = "IF NOT EXISTS"
    name = _table(reader)
    reader.take("(", of=of, line=line)
    arguments: list[Argument] = []
    while reader.word() != ")":
        if arguments:
            reader.take(",", of=of, line=line)
        arguments.append(_argument(reader, line))
    reader.at += 1
    if reader.word() == "OPTIONS":
        while reader.word() not in ("BEGIN", ""):
            reader.at += 1
    if reader.word() in ("LANGUAGE", "WITH", "EXTERNAL"):
        raise InputError(
            f"line {line}: {of} {name.name} is in another language, allowed: SQL, in BEGIN ... END"
        )
    if reader.word() != "BEGIN":
        reader.take("BEGIN", of=of, line=line)
    steps = reader.block(line)
    text = reader.text[start : reader.tokens[reader.at - 1].end + 1]
    return Procedure(line, name, tuple(arguments), (steps,), word, text)


def _argument(reader: TokenReader, line: int) -> Argument:
    mode = reader.word() if reader.word() in _MODES and reader.word(1) not in (",", ")", "") else "IN"
    reader.at += mode == reader.word()
    name, start, depth = reader.name(), reader.at, 0
    while reader.at < len(reader.tokens) and (depth > 0 or reader.word() not in (",", ")")):
        depth += {"<": 1, "(": 1, ">": -1, ")": -1, ">>": -2}.get(reader.word(), 0)
        reader.at += 1
    if start == reader.at or reader.at == len(reader.tokens):
        raise InputError(f"line {line}: CREATE PROCEDURE: allowed for each argument: [OUT | INOUT] name TYPE")
    part = reader.text[reader.tokens[start].start : reader.tokens[reader.at - 1].end + 1]
    return Argument(name, mode, type_of(part))
