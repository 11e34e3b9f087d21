"""Elements of a format of numbers, read: BigQuery's page on format elements, and ZetaSQL's tests of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_ELEMENT = re.compile(r"TM[9E]?|EEEE|MI|PR|RN|FM|[$09X.D,GSBVCL]", re.IGNORECASE)
HEX_DIGITS = 16  # of an INT64
_WIDEST = 1 << 20
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


@lru_cache(maxsize=64)
def format_elements(pattern: str) -> NumberFormat:
    """A format, read. Raises ValueError for what no format may have, in BigQuery's words."""
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
        if hexadecimal and count > HEX_DIGITS:
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
