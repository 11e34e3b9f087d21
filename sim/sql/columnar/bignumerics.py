"""BIGNUMERICs, each as the text of a whole number of its last digits: 38 after the point, in 255 bits.

What needs more digits on its way than that, or another number than a whole one, is worked out here; sums,
differences and comparisons are DuckDB's own. None is what does not fit.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Context, Decimal, InvalidOperation, Overflow

PLACES = 38
_SCALE = 10**PLACES
_LIMIT = 2**255
_NUMERIC_LIMIT, _NUMERIC_PLACES = 10**38, 9
_INT64 = range(-(2**63), 2**63)
_MORE = Context(prec=160, Emin=-999_999, Emax=999_999)  # more than any result has
_TEXT = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*")
_LOOSE = re.compile(r"\s*([+-]?)\s*([\d,]*)(\.\d*)?([eE][+-]?\d+)?\s*([+-]?)\s*")


def decimal_of(text: str) -> Decimal:
    """The number that a text of last digits stands for."""
    return Decimal(text).scaleb(-PLACES, _MORE)


def digits_of(number: Decimal) -> str | None:
    """A number as text of last digits, halves away from zero."""
    try:
        top, bottom = number.as_integer_ratio()
    except (ValueError, OverflowError):
        return None
    return _held(_halves(top * _SCALE, bottom))


def _held(units: int) -> str | None:
    return str(units) if -_LIMIT <= units < _LIMIT else None


def _halves(top: int, bottom: int) -> int:
    """A quotient, halves away from zero."""
    size = (2 * abs(top) + abs(bottom)) // (2 * abs(bottom))
    return size if (top < 0) == (bottom < 0) else -size


def _towards_zero(top: int, bottom: int) -> int:
    size = abs(top) // abs(bottom)
    return size if (top < 0) == (bottom < 0) else -size


def read(text: str) -> str | None:
    """Of a text such as ' -1.5e3 '."""
    found = _TEXT.fullmatch(text)
    if found is None or abs(Decimal(found[1]).adjusted()) > 1000:
        return _of_far(found)
    return digits_of(Decimal(found[1]))


def loosely_read(text: str) -> str | None:
    """Of a text as PARSE_NUMERIC reads it: with commas before the point, and the sign before or after."""
    found = _LOOSE.fullmatch(text)
    if found is None or (found[1] and found[5]):
        return None
    whole, after = found[2].replace(",", ""), (found[3] or "").rstrip(".")
    if (found[2] and not whole) or not (whole or after):
        return None
    return read(f"{found[1] or found[5]}{whole}{after}{found[4] or ''}")


def _of_far(found: re.Match[str] | None) -> str | None:
    """Of a number so small that nothing is left of it; one that large does not fit."""
    if found is None:
        return None
    number = Decimal(found[1])
    return "0" if not number or number.adjusted() < 0 else None


def of_float(value: float) -> str | None:
    """Of a FLOAT64, by its exact value."""
    return digits_of(Decimal(value)) if math.isfinite(value) else None


def to_float(value: str) -> float:
    """The nearest FLOAT64."""
    return float(int(value) / _SCALE)


def to_int64(value: str) -> int | None:
    """The nearest whole number, halves away from zero."""
    whole = _halves(int(value), _SCALE)
    return whole if whole in _INT64 else None


def to_numeric(value: str) -> Decimal | None:
    """With nine digits after the point, halves away from zero."""
    units = _halves(int(value), 10 ** (PLACES - _NUMERIC_PLACES))
    return Decimal(units).scaleb(-_NUMERIC_PLACES, _MORE) if abs(units) < _NUMERIC_LIMIT else None


def big_product(one: str, other: str) -> str | None:
    """Rounded to the last digit, halves away from zero, as all that follows."""
    return _held(_halves(int(one) * int(other), _SCALE))


def big_quotient(one: str, other: str) -> str | None:
    """None for a division by zero too."""
    return _held(_halves(int(one) * _SCALE, int(other))) if int(other) else None


def whole_quotient(one: str, other: str) -> str | None:
    """DIV: what is left of a quotient without what follows its point."""
    return _held(_towards_zero(int(one), int(other)) * _SCALE) if int(other) else None


def remainder(one: str, other: str) -> str | None:
    """MOD: with the sign of the first."""
    return _held(int(one) - int(other) * _towards_zero(int(one), int(other))) if int(other) else None


def rounded(value: str, places: int) -> str | None:
    """To so many digits after the point, or before it where they are less than none."""
    return _to_places(int(value), places, _halves)


def rounded_even(value: str, places: int) -> str | None:
    """The same, halves to the even one of two."""

    def even(top: int, bottom: int) -> int:
        low, rest = divmod(top, bottom)
        return low + (2 * rest > bottom or (2 * rest == bottom and low % 2 == 1))

    return _to_places(int(value), places, even)


def cut_off(value: str, places: int) -> str | None:
    """Without the digits after those."""
    return _to_places(int(value), places, _towards_zero)


def ceiling(value: str) -> str | None:
    """The least whole number that is not less."""
    return _held(-(-int(value) // _SCALE) * _SCALE)


def floored(value: str) -> str | None:
    """The greatest whole number that is not more."""
    return _held(int(value) // _SCALE * _SCALE)


def _to_places(units: int, places: int, how: Callable[[int, int], int]) -> str | None:
    if places >= PLACES:
        return _held(units)
    if places < -PLACES - 1:
        return "0"
    step = 10 ** (PLACES - places)
    return _held(how(units, step) * step)


def power(one: str, other: str) -> str | None:
    """POW of two numbers; None where it is not a number."""
    return _function(lambda: decimal_of(one), lambda x: _MORE.power(x, decimal_of(other)))


def _function(given: Callable[[], Decimal], made: Callable[[Decimal], Decimal]) -> str | None:
    try:
        return digits_of(made(given()))
    except (InvalidOperation, Overflow, ZeroDivisionError):
        return None


def root(value: str) -> str | None:
    """SQRT."""
    return _function(lambda: decimal_of(value), _MORE.sqrt)


def cube_root(value: str) -> str | None:
    """CBRT: the whole root of a number with more digits, rounded."""
    units, more = abs(int(value)), 12
    wanted = units * _SCALE**2 * 10 ** (3 * more)
    guess = 1 << -(-wanted.bit_length() // 3)
    while (better := (2 * guess + wanted // guess**2) // 3) < guess:
        guess = better
    found = _halves(guess, 10**more)
    return _held(-found if value.startswith("-") else found)


def exponential(value: str) -> str | None:
    """EXP."""
    number = decimal_of(value)
    if number > 100:  # far beyond the range
        return None
    return _function(lambda: max(number, Decimal(-200)), _MORE.exp)


def natural_log(value: str) -> str | None:
    """LN."""
    return _function(lambda: decimal_of(value), _MORE.ln) if int(value) > 0 else None


def common_log(value: str) -> str | None:
    """LOG10."""
    return _function(lambda: decimal_of(value), _MORE.log10) if int(value) > 0 else None


def log_to_base(value: str, base: str) -> str | None:
    """LOG to a base."""
    if int(value) <= 0 or int(base) <= 0 or int(base) == _SCALE:
        return None
    return _function(
        lambda: decimal_of(value), lambda x: _MORE.divide(_MORE.ln(x), _MORE.ln(decimal_of(base)))
    )
