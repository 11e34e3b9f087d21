"""Products and quotients of NUMERICs that need more digits on their way than DuckDB's decimals have."""

from __future__ import annotations

from decimal import Context, Decimal

_SCALE = 10**9  # nine digits after the point
_LIMIT = 10**38  # DECIMAL(38, 9), in units of its last digit
_EXACT = Context(prec=100)


def product(one: Decimal, other: Decimal) -> Decimal | None:
    """Rounded to nine digits, halves away from zero; None if it is out of NUMERIC's range."""
    return _number(_units(one) * _units(other), _SCALE)


def quotient(one: Decimal, other: Decimal) -> Decimal | None:
    """Rounded to nine digits, halves away from zero; None if it is out of range or ``other`` is 0."""
    divisor = _units(other)
    return _number(_units(one) * _SCALE, divisor) if divisor else None


def _units(value: Decimal) -> int:
    return int(value.scaleb(9, _EXACT))


def _number(units: int, divisor: int) -> Decimal | None:
    size = (2 * abs(units) + abs(divisor)) // (2 * abs(divisor))
    if size >= _LIMIT:
        return None
    signed = size if (units < 0) == (divisor < 0) else -size
    return Decimal(signed).scaleb(-9, _EXACT)
