"""BigQuery SQL as trees: every function under the name that the query gives it, none turned into another."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.bigquery import BigQuery
from sqlglot.errors import ParseError, TokenError
from sqlglot.parsers.bigquery import BigQueryParser
from sqlglot.tokenizer_core import TokenType

from context.errors import InputError

_OPENING = re.compile(r"""'''|\"\"\"|['"`]|--|\#|/\*""")
_CLOSED = re.compile(
    r"""'''(?:\\.|.)*?'''|\"\"\"(?:\\.|.)*?\"\"\"|'(?!'')(?:\\.|[^\\'\n])*'|"(?!"")(?:\\.|[^\\"\n])*"|`[^`\n]*`"""
    r"""|(?:--|\#)[^\n]*|/\*.*?\*/""",
    re.DOTALL,
)
# Words that begin something in other systems and nothing in BigQuery; left out, they are names.
_FOREIGN = frozenset(
    ("ILIKE", "RLIKE", "REGEXP", "GLOB", "SIMILAR TO", "DISTINCT ON", "::", "==", "DOUBLE", "TEXT")
)
_FOREIGN |= {"VARCHAR", "FLOAT", "FLOAT4", "FLOAT8", "REAL", "CHAR", "NCHAR", "UUID", "HUGEINT", "UBIGINT"}
_FOREIGN |= {"UINTEGER", "TIMESTAMPTZ", "TIMESTAMP_TZ", "DATETIME2", "INT2", "INT4", "INT8", "LONG", "BLOB"}
_FOREIGN |= {"VARBINARY"}
# First words of statements: what follows them is taken apart here, and they may be names in BigQuery.
_FOREIGN |= {word for word, token in BigQuery.Tokenizer.KEYWORDS.items() if token == TokenType.COMMAND}
_FOREIGN |= {"EXECUTE"}
_KEPT = ("CAST", "SAFE_CAST", "EXTRACT", "ARRAY")


class _Parser(BigQueryParser):
    FUNCTIONS: ClassVar[dict[str, Any]] = {}
    FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        name: parser for name, parser in BigQueryParser.FUNCTION_PARSERS.items() if name in _KEPT
    }
    NO_PAREN_FUNCTIONS: ClassVar[dict[Any, Any]] = {}
    COLUMN_OPERATORS: ClassVar[dict[Any, Any]] = {
        token: parser for token, parser in BigQueryParser.COLUMN_OPERATORS.items() if token == TokenType.DOT
    }

    def _parse_bracket(self, this: Any = None) -> Any:
        """Positions stay as they are written: OFFSET(i) is a call."""
        return super(BigQueryParser, self)._parse_bracket(this)

    def _parse_cast(self, strict: bool, safe: bool | None = None) -> Any:
        """CAST(x AS type FORMAT '...'): the format stays as it is written."""
        this = self._parse_assignment()
        if not self._match(TokenType.ALIAS):
            self.raise_error("Expected AS after CAST")
        to = self._parse_types(with_collation=True)
        pattern = None
        if self._match(TokenType.FORMAT):
            pattern = self._parse_at_time_zone(self._parse_string() or self._parse_bitwise())
        if not to:
            self.raise_error("Expected TYPE after CAST")
        if isinstance(to, exp.Identifier):
            to = exp.DataType.from_str(to.name, dialect=self.dialect, udt=True)
        return self.build_cast(strict=strict, this=this, to=to, format=pattern, safe=safe)

    def _implicit_unnests_to_explicit(self, this: Any) -> Any:
        """Paths in FROM stay as they are written, with their WITH OFFSET."""
        return this

    def _parse_table(self, *given: Any, **options: Any) -> Any:
        """FROM t, t.items AS item WITH OFFSET [AS place], an array named without UNNEST."""
        table = super()._parse_table(*given, **options)
        if isinstance(table, exp.Table) and self._match_pair(TokenType.WITH, TokenType.OFFSET):
            self._match(TokenType.ALIAS)
            place = self._parse_id_var(any_token=False, tokens=self.UNNEST_OFFSET_ALIAS_TOKENS)
            table.set("offset", place or exp.to_identifier("offset"))
        return table


class _BigQuery(BigQuery):
    class Tokenizer(BigQuery.Tokenizer):
        KEYWORDS: ClassVar[dict[str, Any]] = {
            word: token for word, token in BigQuery.Tokenizer.KEYWORDS.items() if word not in _FOREIGN
        }

    Parser = _Parser


Dialect = _BigQuery  # for scripts, whose statements are parsed one by one


def parse_statements(text: str) -> list[exp.Expr]:
    """The statements of ``text``. Raises InputError for a syntax error, with line and column."""
    try:
        with quiet():
            return [tree for tree in _BigQuery().parse(text) if tree is not None]
    except (ParseError, TokenError) as error:
        raise syntax_error(error, text) from None
    except RecursionError:
        raise InputError("the query is nested too deeply") from None


def parse_query(text: str) -> exp.Query:
    """The one query in ``text``. Raises InputError for a syntax error and for anything that is no query."""
    found = parse_statements(text)
    if len(found) != 1:
        raise InputError(f"{len(found)} statements given, allowed: one query")
    tree = found[0]
    if not isinstance(tree, exp.Query) or tree.find(exp.DDL, exp.DML, exp.Command, exp.Into):
        raise InputError(f"{tree.key.upper()} given, allowed: a query (SELECT or WITH); runs are read-only")
    return tree


_CLAUSES = (
    "with_",
    "this",
    "expression",
    "expressions",
    "from_",
    "joins",
    "where",
    "group",
    "having",
    "qualify",
    "windows",
    "order",
    "limit",
)


def number_placeholders(tree: exp.Expr) -> None:
    """Give each ``?`` its place among them, from 1, in the order of the text."""
    found: list[exp.Placeholder] = []

    def visit(node: exp.Expr) -> None:
        if isinstance(node, exp.Placeholder):
            found.append(node)
        names = list(node.args)
        if isinstance(node, exp.Query):  # their parts are kept in the order of reading, not of writing
            names.sort(key=lambda name: _CLAUSES.index(name) if name in _CLAUSES else len(_CLAUSES))
        for name in names:
            parts = node.args[name]
            for part in parts if isinstance(parts, list) else [parts]:
                if isinstance(part, exp.Expr):
                    visit(part)

    visit(tree)
    for position, node in enumerate(found, 1):
        node.meta["position"] = position


@contextmanager
def quiet() -> Iterator[None]:
    """Sqlglot logs what it is unsure of; we settle that ourselves."""
    logger = logging.getLogger("sqlglot")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def syntax_error(error: ParseError | TokenError, text: str) -> InputError:
    """What a text's parser or tokenizer says, in one line, with line and column in ``text``."""
    if isinstance(error, TokenError):
        return InputError(_unclosed(text) or f"syntax error: {' '.join(str(error).split())}")
    first: dict[str, Any] = error.errors[0] if error.errors else {}
    token, end = str(first.get("highlight") or ""), first.get("col")
    near = f" at {token!r}" if token else ""
    if not end:  # where nothing follows, the end of the text is meant
        line, column = text.rstrip().count("\n") + 1, len(text.rstrip().rsplit("\n", 1)[-1]) + 1
    else:
        line, column = int(first.get("line") or 1), int(end) - max(len(token) - 1, 0)
    reason = str(first.get("description")).split(" but got <")[0]
    if reason.startswith("Required keyword"):  # sqlglot speaks of its own classes here
        reason = "something is missing after it"
    return InputError(f"syntax error in line {line}, column {column}{near}: {reason}")


def _unclosed(text: str) -> str | None:
    """Where a quote or comment starts that nothing closes."""
    position = 0
    while match := _OPENING.search(text, position):
        whole = _CLOSED.match(text, match.start())
        if whole is None:
            line = text.count("\n", 0, match.start()) + 1
            column = match.start() - (text.rfind("\n", 0, match.start()) + 1) + 1
            return f"syntax error in line {line}, column {column} at {match[0]!r}: it is never closed"
        position = whole.end()
    return None
