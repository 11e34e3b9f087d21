"""CAST of a number AS STRING with FORMAT: BigQuery's page on format elements, and ZetaSQL's tests of it."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal

from sim.sql.columnar.number_elements import HEX_DIGITS, NumberFormat, format_elements

_EXACT = Context(prec=2000, Emin=-99_999, Emax=99_999)
_ROMAN = (
    *((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL")),
    *((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")),
)
_ROMAN_WIDTH, _ROMAN_MAX = 15, 3999


def exact_formatted(text: str, pattern: str) -> str | None:
    """An INT64, NUMERIC or BIGNUMERIC, as text, in a format; None for what no Roman numeral is."""
    return _formatted(Decimal(text), format_elements(pattern), ROUND_HALF_UP)


def float_formatted(value: float, pattern: str) -> str | None:
    """A FLOAT64 in a format, by its exact value."""
    return _formatted(Decimal(value), format_elements(pattern), ROUND_HALF_EVEN)


def _formatted(number: Decimal, form: NumberFormat, rounding: str) -> str | None:
    if form.kind == "roman":
        return _roman(number, form)
    shown = _hexadecimal(number, form) if form.kind == "hex" else _decimal(number, form, rounding)
    return shown.strip() if form.compact else shown


def _roman(number: Decimal, form: NumberFormat) -> str | None:
    whole = int(number.to_integral_value(ROUND_HALF_UP, _EXACT)) if number.is_finite() else 0
    if not 1 <= whole <= _ROMAN_MAX:
        return None
    text = ""
    for value, letters in _ROMAN:
        text += letters * (whole // value)
        whole %= value
    text = text if form.currency[0] == "R" else text.lower()
    return text if form.compact else text.rjust(_ROMAN_WIDTH)


def _signs(form: NumberFormat, number: Decimal, *, blank: bool) -> tuple[str, str]:
    """What stands before and after a number for its sign."""
    negative = number.is_signed() and not number.is_nan()
    before, after = {
        "": ("-" if negative else " ", ""),
        "S": ("-" if negative else "+", "") if form.sign_first else ("", "-" if negative else "+"),
        "MI": ("", "-" if negative else " "),
        "PR": ("<", ">") if negative else (" ", " "),
    }[form.sign]
    if blank or number.is_nan():
        return " " * len(before), " " * len(after)
    return before, after


def _hexadecimal(number: Decimal, form: NumberFormat) -> str:
    fits = number.is_finite()
    whole = int(number.copy_abs().to_integral_value(ROUND_HALF_UP, _EXACT)) if fits else 0
    digits = f"{whole:x}" if fits and whole < 1 << 64 else "0" * (HEX_DIGITS + 1)
    room = len(form.elements)
    before, after = _signs(form, number, blank=False)
    if len(digits) > room:
        return f"{before}{'#' * room}{after}"
    if form.first_zero is not None:
        digits = digits.rjust(room - form.first_zero, "0")
    cases = form.elements[room - len(digits) :]
    text = "".join(digit.upper() if case == "X" else digit for digit, case in zip(digits, cases, strict=True))
    return f"{' ' * (room - len(digits))}{before}{text}{after}"


def _decimal(number: Decimal, form: NumberFormat, rounding: str) -> str:
    if not number.is_finite():
        return _no_number(number, form)
    whole, after, power = _digits(number, form, rounding)
    after = after.rstrip("0") if form.compact else after
    too_long, blank = len(whole) > form.whole_digits, form.blank and not whole
    zero_before = form.first_zero is not None and form.first_zero < form.point
    text, padding = "", form.point
    if form.whole_digits and (whole or form.exponent or zero_before or not after):
        text, padding = _before_point(form, whole or "0", too_long=too_long, blank=blank)
    before, behind = _signs(form, number, blank=blank)
    currency = _currency(form)
    currency = " " * len(currency) if blank else currency
    fraction = _after_point(form, after, power, too_long=too_long, blank=blank)
    return f"{' ' * padding}{before}{currency}{text}{fraction}{behind}"


def _digits(number: Decimal, form: NumberFormat, rounding: str) -> tuple[str, str, str]:
    """(digits before the point, none for 0; those after it; the power with its sign)."""
    size, power = number.copy_abs(), 0
    if form.exponent and size:
        power = size.adjusted()
        size = size.scaleb(-power, _EXACT)
    step = Decimal(1).scaleb(-form.scale, _EXACT)
    size = size.quantize(step, rounding, _EXACT)
    if form.exponent and size >= 10:
        size, power = size.scaleb(-1, _EXACT).quantize(step, rounding, _EXACT), power + 1
    whole, _, after = f"{size:f}".partition(".")
    return ("" if whole == "0" else whole), after, f"{'-' if power < 0 else '+'}{abs(power):02d}"


def _before_point(form: NumberFormat, whole: str, *, too_long: bool, blank: bool) -> tuple[str, int]:
    """(digits and what stands between them, how many places are left)."""
    found: list[str] = []
    left, position = list(whole), form.point - 1
    while position >= 0:
        if not left and (form.first_zero is None or position < form.first_zero):
            break
        if form.elements[position] == ",":
            found.append(" " if blank else ",")
        else:
            digit = left.pop() if left else "0"
            found.append("#" if too_long else " " if blank else digit)
        position -= 1
    return "".join(reversed(found)), position + 1


def _after_point(form: NumberFormat, after: str, power: str, *, too_long: bool, blank: bool) -> str:
    found, left = "", after
    for element in form.elements[form.point :]:
        if element == ".":
            found += " " if blank else "."
        elif element in ("E", "e"):
            found += "####" if too_long else "    " if blank else f"{element}{power}"
        elif element != "V":
            found += "#" if too_long else " " * bool(left) if blank else left[:1]
            left = left[1:]
    return found


def _currency(form: NumberFormat) -> str:
    return {"": "", "C": "USD", "c": "usd"}.get(form.currency, "$")


def _no_number(number: Decimal, form: NumberFormat) -> str:
    """NAN and INF, in the place of the last digits before the point."""
    name = "NAN" if number.is_nan() else "INF"
    before, behind = _signs(form, number, blank=False)
    if form.exponent:
        return f"{' ' * len(form.elements)}{before}{_currency(form)}{name}{behind}"
    too_long = form.point < len(name)
    places = form.elements[max(form.point - len(name), 0) : form.point]
    text = "".join("," if place == "," else "#" for place in places) if too_long else name
    mark = {".": ". "[not too_long], "V": ""}
    fraction = "".join(mark.get(place, "# "[not too_long]) for place in form.elements[form.point :])
    fraction = fraction.strip() if form.compact else fraction
    return f"{' ' * (form.point - len(places))}{before}{_currency(form)}{text}{fraction}{behind}"
