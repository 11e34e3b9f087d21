"""A script as statements: what a user wrote, parsed once, each with its place in the user's own text."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from context.errors import InputError
from sim.sql.grammar.parse import Dialect, quiet, syntax_error

POSITIONAL = "_positional_"  # a ? becomes the parameter of this name and its number, from 1
ALLOWED = (
    "queries, DECLARE, SET, CREATE [OR REPLACE] [TEMP] TABLE, CREATE VIEW, CREATE SCHEMA, INSERT, "
    "UPDATE, DELETE, MERGE, TRUNCATE TABLE, DROP, CREATE TEMP FUNCTION in SQL, IF, CASE, LOOP, WHILE, "
    "REPEAT, FOR, BEGIN, RAISE, ASSERT, transactions, EXECUTE IMMEDIATE, CREATE PROCEDURE, CALL"
)
_REFUSED = {
    "EXPORT": "--format and --out write a result into a file",
    "ALTER": "CREATE OR REPLACE TABLE … AS SELECT … makes a table anew",
    "LOAD": "--table dataset.name=FILE brings a table of your own",
}
_KNOWN = (
    *("SELECT", "WITH", "FROM", "DECLARE", "SET", "CREATE", "INSERT", "UPDATE", "DELETE", "DROP"),
    *("MERGE", "TRUNCATE"),
)


@dataclass(frozen=True)
class Statement:
    """One statement: its tree, the place where it begins (both from 1), its text, and what follows its AS."""

    tree: exp.Expr
    line: int
    column: int
    text: str
    body: str = ""

    @property
    def word(self) -> str:
        """Its first word, in capitals."""
        return self.text.split(None, 1)[0].upper().rstrip("(;")


def script_tokens(text: str) -> list[Token]:
    """The tokens of a script, each ``?`` as the parameter POSITIONAL + its number. Raises InputError."""
    try:
        tokens = list(Dialect().tokenize(text))
    except TokenError as error:
        raise syntax_error(error, text) from None
    found: list[Token] = []
    count = 0
    for token in tokens:
        if token.token_type == TokenType.PLACEHOLDER:
            count += 1
            place = (token.line, token.col, token.start, token.end)
            found.append(Token(TokenType.PARAMETER, "@", *place, []))
            found.append(Token(TokenType.VAR, f"{POSITIONAL}{count}", *place, []))
        else:
            found.append(token)
    return found


def statement_of(part: list[Token], text: str) -> Statement:
    """The statement that tokens of a script make. Raises InputError, with line and column."""
    source = text[part[0].start : part[-1].end + 1]
    _check_word(part, source)
    place = (part[0].line, _column(text, part[0]))
    return Statement(parsed_tree(part, text), *place, source, _body(part, text))


def _check_word(part: list[Token], source: str) -> None:
    """Refuse, by its first word, what the parser would take for something else or not understand."""
    word = source.split(None, 1)[0].upper().rstrip("(;")
    if word in _KNOWN or part[0].token_type == TokenType.L_PAREN:
        return
    hint = _REFUSED.get(word, f"allowed: {ALLOWED}")
    raise InputError(f"line {part[0].line}: {word} given; {hint}")


def parsed_tree(part: list[Token], text: str) -> exp.Expr:
    """The tree of one statement's tokens. Raises InputError, with line and column."""
    try:
        with quiet():
            trees = Dialect().parser().parse(part, text)
    except ParseError as error:
        raise syntax_error(error, text) from None
    except RecursionError:
        raise InputError(f"line {part[0].line}: brackets are nested too deeply") from None
    tree = trees[0]
    if tree is None or len(trees) != 1:
        raise InputError(f"line {part[0].line}: a statement is not understood; allowed: {ALLOWED}")
    last = part[-1]
    if isinstance(tree, exp.Declare) and last.text.upper() == "DEFAULT":  # the parser takes it for none
        place = f"line {last.line}, column {_column(text, last)}"
        raise InputError(f"syntax error in {place} at '{last.text}': something is missing after it")
    if isinstance(tree, exp.Command):
        raise InputError(f"line {part[0].line}: {part[0].text.upper()} is not understood; allowed: {ALLOWED}")
    if tree.find(exp.Into):
        raise InputError("SELECT … INTO given, allowed: CREATE TABLE … AS SELECT …")
    return tree


def _body(part: list[Token], text: str) -> str:
    """What a CREATE has after its AS, as the user wrote it."""
    depth = 0
    for i, token in enumerate(part[:-1]):
        if token.token_type == TokenType.L_PAREN:
            depth += 1
        elif token.token_type == TokenType.R_PAREN:
            depth -= 1
        elif token.token_type == TokenType.ALIAS and depth == 0:
            return text[part[i + 1].start : part[-1].end + 1]
    return ""


def _column(text: str, token: Token) -> int:
    return token.start - (text.rfind("\n", 0, token.start) + 1) + 1
