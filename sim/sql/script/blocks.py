"""Reading how a script's statements hang together, token by token, before anything runs."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from context.errors import InputError
from sim.sql.script.routines import routine
from sim.sql.script.statements import Statement, parsed_tree, script_tokens, statement_of
from sim.sql.script.structure import Block, Choice, Jump, Looping, Rows, Step, Steps, Stop, check_steps

DEPTH_MAX = 50  # BigQuery's own
_TEXTS = (TokenType.STRING, TokenType.IDENTIFIER, TokenType.RAW_STRING, TokenType.BYTE_STRING)
_LABELLED = ("BEGIN", "LOOP", "WHILE", "REPEAT", "FOR")
_JUMPS = {
    "BREAK": "BREAK",
    "LEAVE": "BREAK",
    "CONTINUE": "CONTINUE",
    "ITERATE": "CONTINUE",
    "RETURN": "RETURN",
}


def steps_of(text: str) -> Steps:
    """The steps of a script, empty statements left out.

    Raises InputError for a syntax error, with line and column, for a statement that is not allowed, and for a
    DECLARE, BREAK or label that stands in a wrong place.
    """
    steps = _Reader(text).steps()
    check_steps(steps)
    return steps


class OpenBlockError(InputError):
    """A script ends before a block, a choice or a loop of it does."""


def is_open(text: str) -> bool:
    """Whether what is wrong with a script is only that it goes on."""
    try:
        steps_of(text)
    except OpenBlockError:
        return True
    except InputError:
        return False
    return False


class _Reader:
    """Reads a script from its first token to its last."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = script_tokens(text)
        self.at = 0
        self.depth = 0
        self.handlers = 0  # EXCEPTIONs round the next token

    def word(self, ahead: int = 0) -> str:
        """A token that is no text and no quoted name, in capitals; "" at the end."""
        position = self.at + ahead
        if position >= len(self.tokens) or self.tokens[position].token_type in _TEXTS:
            return ""
        return self.tokens[position].text.upper()

    @property
    def line(self) -> int:
        """The line of the next token, or of the last one."""
        return self.tokens[min(self.at, len(self.tokens) - 1)].line

    def take(self, *words: str, of: str, line: int) -> None:
        """Pass over words that must come next."""
        for word in words:
            if self.word() != word:
                ended = self.at >= len(self.tokens)
                given = "the end of the script" if ended else self.tokens[self.at].text
                raise (OpenBlockError if ended else InputError)(
                    f"syntax error: {' '.join(words)} is missing in the {of} of line {line}, "
                    f"before {given} in line {self.line}"
                )
            self.at += 1

    def steps(self, *enders: str, of: str = "script", line: int = 0) -> Steps:
        """Steps until one of the words, or until the end of the script."""
        found: list[Step] = []
        while True:
            while self.word() == ";":
                self.at += 1
            if self.at >= len(self.tokens) or self.word() in enders:
                if self.at >= len(self.tokens) and enders:
                    self.take(enders[-1], of=of, line=line)
                return tuple(found)
            self.depth += 1
            if self.depth > DEPTH_MAX:
                raise InputError(f"line {self.line}: more than {DEPTH_MAX} blocks in blocks")
            found.append(self.step())
            self.depth -= 1
            if self.at < len(self.tokens) and self.word() != ";":
                raise InputError(
                    f"syntax error in line {self.line}: ; is missing before {self.tokens[self.at].text}"
                )

    def step(self) -> Step:
        """One statement, with all that is in it."""
        line, label = self.line, ""
        if self.word(1) == ":" and self.word(2) in _LABELLED:
            label = self.tokens[self.at].text.lower()
            self.at += 2
        word = self.word()
        if word == "IF":
            return self.choice(line)
        if word == "CASE":
            return self.case(line)
        if word in ("LOOP", "WHILE", "REPEAT", "FOR"):
            made: Looping | Rows = self.rows(line, label) if word == "FOR" else self.loop(word, line, label)
            self.end(word, label, line)
            return made
        if word == "BEGIN" and self.word(1) not in ("TRANSACTION", ";", ""):
            return self.block(line, label)
        if word in _JUMPS:
            self.at += 1
            target = self.name() if self.word() not in (";", "") else ""
            return Jump(line, _JUMPS[word], target)
        if word in ("RAISE", "ASSERT"):
            return self.stop(word, line)
        return routine(self, line) or self.statement()

    def block(self, line: int, label: str = "") -> Block:
        """BEGIN ... [EXCEPTION WHEN ERROR THEN ...] END."""
        self.at += 1
        steps = self.steps("EXCEPTION", "END", of="BEGIN", line=line)
        handler: Steps | None = None
        if self.word() == "EXCEPTION":
            self.take("EXCEPTION", "WHEN", "ERROR", "THEN", of="BEGIN", line=line)
            self.handlers += 1
            handler = self.steps("END", of="BEGIN", line=line)
            self.handlers -= 1
        self.end("", label, line)
        return Block(line, steps, label, handler)

    def name(self) -> str:
        """A name, in small letters."""
        self.at += 1
        return self.tokens[self.at - 1].text.lower()

    def end(self, word: str, label: str, line: int) -> None:
        """END, the word that began, and the label once more if it had one."""
        self.take("END", *([word] if word else []), of=word or "BEGIN", line=line)
        if label and self.at < len(self.tokens) and self.tokens[self.at].text.lower() == label:
            self.at += 1

    def choice(self, line: int) -> Choice:
        """IF ... THEN ... ELSEIF ... ELSE ... END IF."""
        branches: list[tuple[exp.Expr | None, Steps]] = []
        while self.word() in ("IF", "ELSEIF"):
            self.at += 1
            condition = self.expression("THEN", of="IF", line=line)
            branches.append((condition, self.steps("ELSEIF", "ELSE", "END", of="IF", line=line)))
        if self.word() == "ELSE":
            self.at += 1
            branches.append((None, self.steps("END", of="IF", line=line)))
        self.take("END", "IF", of="IF", line=line)
        return Choice(line, tuple(branches))

    def case(self, line: int) -> Choice:
        """CASE [subject] WHEN ... THEN ... ELSE ... END CASE."""
        self.at += 1
        subject = self.expression("WHEN", of="CASE", line=line, take=False) if self.word() != "WHEN" else None
        branches: list[tuple[exp.Expr | None, Steps]] = []
        while self.word() == "WHEN":
            self.at += 1
            condition = self.expression("THEN", of="CASE", line=line)
            branches.append((condition, self.steps("WHEN", "ELSE", "END", of="CASE", line=line)))
        if self.word() == "ELSE":
            self.at += 1
            branches.append((None, self.steps("END", of="CASE", line=line)))
        self.take("END", "CASE", of="CASE", line=line)
        return Choice(line, tuple(branches), subject)

    def loop(self, word: str, line: int, label: str) -> Looping:
        """LOOP, WHILE condition DO, REPEAT ... UNTIL condition."""
        self.at += 1
        if word == "WHILE":
            condition = self.expression("DO", of=word, line=line)
            return Looping(line, word, self.steps("END", of=word, line=line), condition, label)
        if word == "LOOP":
            return Looping(line, word, self.steps("END", of=word, line=line), None, label)
        steps = self.steps("UNTIL", of=word, line=line)
        self.take("UNTIL", of=word, line=line)
        return Looping(line, word, steps, self.expression("END", of=word, line=line, take=False), label)

    def rows(self, line: int, label: str) -> Rows:
        """FOR name IN (query) DO."""
        self.at += 1
        name = self.name()
        self.take("IN", of="FOR", line=line)
        tree = parsed_tree(self.until("DO", of="FOR", line=line), self.text)
        self.at += 1
        if not isinstance(tree, exp.Subquery):
            raise InputError(f"line {line}: FOR {name} IN takes a query in brackets")
        return Rows(line, name, tree, self.steps("END", of="FOR", line=line), label)

    def stop(self, word: str, line: int) -> Stop:
        """RAISE [USING MESSAGE = text], ASSERT condition [AS text]."""
        self.at += 1
        if word == "RAISE":
            if self.word() in (";", ""):
                if not self.handlers:
                    raise InputError(f"line {line}: RAISE without a message is allowed in an EXCEPTION only")
                return Stop(line, None, again=True)
            self.take("USING", "MESSAGE", "=", of=word, line=line)
            return Stop(line, self.expression(of=word, line=line, take=False))
        condition = self.expression("AS", of=word, line=line, take=False, must=False)
        message: exp.Expr | None = None
        if self.word() == "AS":
            self.at += 1
            message = self.expression(of=word, line=line, take=False)
        return Stop(line, message, condition)

    def expression(self, *words: str, of: str, line: int, take: bool = True, must: bool = True) -> exp.Expr:
        """An expression that ends before one of the words, or with the statement."""
        part = self.until(*words, of=of, line=line, must=must)
        self.at += take
        if not part:
            raise InputError(f"line {line}: {of} without a value")
        first = part[0]
        lead = Token(TokenType.SELECT, "SELECT", first.line, first.col, first.start, first.start, [])
        tree = parsed_tree([lead, *part], self.text)
        values: list[exp.Expr] = (
            tree.expressions if isinstance(tree, exp.Select) and not tree.args.get("from_") else []
        )
        if len(values) != 1 or isinstance(values[0], exp.Alias):
            raise InputError(f"line {first.line}: {of} takes one value there")
        return values[0]

    def until(self, *words: str, of: str, line: int, must: bool = True) -> list[Token]:
        """The tokens before a word that stands in no brackets and in no CASE."""
        start, brackets, cases = self.at, 0, 0
        while self.at < len(self.tokens) and not (self.word() == ";" and brackets == 0):
            word = self.word()
            if word in words and brackets == cases == 0:
                return self.tokens[start : self.at]
            brackets += {"(": 1, "[": 1, ")": -1, "]": -1}.get(word, 0)
            cases += {"CASE": 1, "END": -1}.get(word, 0)
            self.at += 1
        if words and must:
            self.take(words[0], of=of, line=line)
        return self.tokens[start : self.at]

    def statement(self) -> Statement:
        """A plain statement, until its semicolon."""
        start = self.at
        while self.at < len(self.tokens) and self.tokens[self.at].token_type != TokenType.SEMICOLON:
            self.at += 1
        return statement_of(self.tokens[start : self.at], self.text)
