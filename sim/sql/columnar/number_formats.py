"""CAST of a number AS STRING with FORMAT: BigQuery's page on format elements, and ZetaSQL's tests of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from functools import lru_cache

_ELEMENT = re.compile(r"TM[9E]?|EEEE|MI|PR|RN|FM|[$09X.D,GSBVCL]", re.IGNORECASE)
_EXACT = Context(prec=2000, Emin=-99_999, Emax=99_999)
_HEX_MAX = 16
_WIDEST = 1 << 20
_ROMAN = (
    *((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL")),
    *((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")),
)
_ROMAN_WIDTH, _ROMAN_MAX = 15, 3999
_TM = "'TM', 'TM9' or 'TME' cannot be combined with other format elements"


@dataclass(frozen=True)
class NumberFormat:
    """A format, taken apart: the elements that make digits and what stands between them, and the flags."""

    kind: str  # decimal, hex or roman
    elements: tuple[str, ...]
    point: int  # where among them the digits before the point end
    whole_digits: int
    scale: int
    first_zero: int | None
    sign: str = ""
    sign_first: bool = False
    currency: str = ""
    blank: bool = False
    compact: bool = False
    exponent: bool = False


def format_elements(pattern: str) -> NumberFormat:
    """A format, read. Raises ValueError for what no format may have, in BigQuery's words."""
    return _read(pattern)


@lru_cache(maxsize=64)
def _read(pattern: str) -> NumberFormat:
    if len(pattern) > _WIDEST:
        raise ValueError(f"Format string too long; limit {_WIDEST}")
    reader = _Reader()
    position = 0
    while position < len(pattern):
        match = _ELEMENT.match(pattern, position)
        if match is None:
            raise ValueError(f"Invalid format element '{pattern[position]}'")
        reader.take(match[0])
        position = match.end()
    return reader.done()


class _Reader:
    """Takes the elements one by one; ``state`` is what part of the format they are in."""

    def __init__(self) -> None:
        self.state = "start"
        self.elements: list[str] = []
        self.flags: dict[str, str] = {}
        self.point: int | None = None
        self.first_zero: int | None = None
        self.scale = 0
        self.sign_first = False

    def take(self, written: str) -> None:
        """The next element. Raises ValueError."""
        name = written.upper()
        if name in ("FM", "B"):
            if name in self.flags:
                raise ValueError(
                    "'FM' cannot be repeated" if name == "FM" else "There can be at most one 'B'"
                )
            self.flags[name] = name
            return
        if name in ("$", "C", "L"):
            if "currency" in self.flags:
                raise ValueError("There can be at most one of '$', 'C' or 'L'")
            self.flags["currency"] = written
            return
        if self.state == "roman":
            raise ValueError(f"'RN' cannot appear together with '{name}'")
        if name.startswith("TM") and self.state == "start":
            raise ValueError("Text minimal output is not supported yet")
        if name.startswith("TM") and self.state == "whole":
            raise ValueError(_TM)
        getattr(self, f"_{self.state}")(name, written)

    def _start(self, name: str, written: str) -> None:
        if name == "S":
            self._signed(name)
            self.state, self.sign_first = "whole", True
        elif name in ("MI", "PR"):
            raise ValueError(f"'{name}' can only appear after all digits and 'EEEE'")
        elif name == "RN":
            self.state, self.flags["roman"] = "roman", written
        elif name in ("0", "9"):
            self._digit(written)
            self.state = "whole"
        elif name == "X":
            self._digit(written)
            self.state = "hex"
        elif name in (".", "D", "V"):
            self._pointed(name)
        else:
            raise ValueError(f"Unexpected '{name}'")

    def _whole(self, name: str, written: str) -> None:
        grouped = "," in self.elements
        if name in ("S", "MI", "PR"):
            self._signed(name)
        elif name == "EEEE":
            self._powered(written)
        elif name == "X":
            if "9" in self.elements:
                raise ValueError("'X' cannot appear together with '9'")
            if grouped:
                raise ValueError("'X' cannot appear together with ',' or 'G'")
            self._digit(written)
            self.state = "hex"
        elif name in ("0", "9"):
            self._digit(written)
        elif name in (",", "G"):
            self.elements.append(",")
        elif name in (".", "D", "V"):
            self._pointed(name)
        else:
            raise ValueError(f"Unexpected '{name}'")

    def _after_point(self, name: str, written: str) -> None:
        if name in ("0", "9"):
            self._digit(written)
            self.scale += 1
        elif name == "X":
            raise ValueError(f"'X' cannot appear together with '{self.flags['point']}'")
        elif name == "EEEE":
            self._powered(written)
        elif name in ("S", "MI", "PR"):
            self._signed(name)
        elif name in (".", "D", "V"):
            raise ValueError("There can be at most one of '.', 'D', or 'V'")
        elif name in (",", "G"):
            raise ValueError("',' or 'G' cannot appear after '.', 'D' or 'V'")
        else:
            raise ValueError(f"Unexpected '{name}'")

    def _after_power(self, name: str, _: str) -> None:
        if name in ("S", "MI", "PR"):
            self._signed(name)
        elif name in (",", "G"):
            raise ValueError("',' or 'G' cannot appear together with 'EEEE'")
        else:
            raise ValueError(f"'{name}' cannot appear after 'EEEE'")

    def _after_sign(self, name: str, _: str) -> None:
        if name in ("0", "9", "X", "EEEE"):
            where = "before or after" if self.flags["sign"] == "S" else "after"
            raise ValueError(f"'{self.flags['sign']}' can only appear {where} all digits and 'EEEE'")
        raise ValueError(f"Unexpected format element '{name}'")

    def _hex(self, name: str, written: str) -> None:
        if name in ("0", "X"):
            self._digit(written)
        elif name in ("S", "MI", "PR"):
            self._signed(name)
        else:
            raise ValueError(f"'X' cannot appear together with '{name}'")

    def _digit(self, written: str) -> None:
        if written == "0" and self.first_zero is None:
            self.first_zero = len(self.elements)
        self.elements.append(written)

    def _signed(self, name: str) -> None:
        if "sign" in self.flags:
            raise ValueError("There can be at most one of 'S', 'MI', or 'PR'")
        self.flags["sign"] = name
        self.state = "after_sign"

    def _pointed(self, name: str) -> None:
        self.flags["point"], self.point = name, len(self.elements)
        self.elements.append("V" if name == "V" else ".")
        self.state = "after_point"

    def _powered(self, written: str) -> None:
        if "," in self.elements:
            raise ValueError("',' or 'G' cannot appear together with 'EEEE'")
        if self.point is None:
            self.point = len(self.elements)
        self.elements.append(written[0])
        self.flags["power"] = written
        self.state = "after_power"

    def done(self) -> NumberFormat:
        """The whole format. Raises ValueError."""
        hexadecimal = "X" in self.elements or "x" in self.elements
        for flag in ("currency", "B"):
            if flag in self.flags and (hexadecimal or "roman" in self.flags):
                shown = self.flags[flag].upper()
                word = "X" if hexadecimal else "RN"
                raise ValueError(f"'{word}' cannot appear together with '{shown}'")
        count = sum(element in "09Xx" for element in self.elements)
        if not count and "roman" not in self.flags:
            raise ValueError("Format string must contain at least one of 'X', '0' or '9'")
        if hexadecimal and count > _HEX_MAX:
            raise ValueError("Max number of 'X' is 16")
        elements, point = self.elements, len(self.elements) if self.point is None else self.point
        if "power" in self.flags and point >= 2:  # of the digits before the point one is kept
            elements, point = elements[point - 1 :], 1
        kind = "roman" if "roman" in self.flags else "hex" if hexadecimal else "decimal"
        return NumberFormat(
            kind=kind,
            elements=tuple(_cased(elements) if hexadecimal else elements),
            point=point,
            whole_digits=count - self.scale,
            scale=self.scale,
            first_zero=self.first_zero,
            sign=self.flags.get("sign", ""),
            sign_first=self.sign_first,
            currency=self.flags.get("roman" if kind == "roman" else "currency", ""),
            blank="B" in self.flags,
            compact="FM" in self.flags,
            exponent="power" in self.flags,
        )


def _cased(elements: list[str]) -> list[str]:
    """A 0 among hexadecimal digits has the case of the next X."""
    letter, found = "X", []
    for element in reversed(elements):
        letter = letter if element == "0" else element
        found.append(letter)
    return found[::-1]


def exact_formatted(text: str, pattern: str) -> str | None:
    """An INT64, NUMERIC or BIGNUMERIC, as text, in a format; None for what no Roman numeral is."""
    return _formatted(Decimal(text), _read(pattern), ROUND_HALF_UP)


def float_formatted(value: float, pattern: str) -> str | None:
    """A FLOAT64 in a format, by its exact value."""
    return _formatted(Decimal(value), _read(pattern), ROUND_HALF_EVEN)


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
    digits = f"{whole:x}" if fits and whole < 1 << 64 else "0" * (_HEX_MAX + 1)
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
