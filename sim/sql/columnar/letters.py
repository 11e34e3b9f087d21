"""Texts letter by letter: bytes as texts of one letter each and back, SOUNDEX, EDIT_DISTANCE."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from string import ascii_letters
from typing import Literal

# Consonants that sound alike have one digit, vowels with H and W none.
_SOUNDS = {
    letter: digit
    for letters, digit in (("BFPV", "1"), ("CGJKQSXZ", "2"), ("DT", "3"), ("L", "4"), ("MN", "5"), ("R", "6"))
    for letter in letters
}
_CODE_LENGTH = 4
NormalForm = Literal["NFC", "NFKC", "NFD", "NFKD"]


def normalized(text: str, form: NormalForm) -> str:
    """A text in a form of Unicode: NFC, NFKC, NFD, NFKD."""
    return unicodedata.normalize(form, text)


def casefolded(text: str, form: NormalForm) -> str:
    """A text in such a form in which large and small letters are the same."""
    return normalized(normalized(text, form).casefold(), form)


def letters_of(value: bytes) -> str:
    """A text with a letter for each byte, so that what counts letters counts bytes."""
    return value.decode("latin-1")


def bytes_of(text: str) -> bytes:
    """The bytes of such a text."""
    return text.encode("latin-1")


def soundex(text: str) -> str:
    """Its first letter and three digits; what is no letter of ASCII is passed over, as are vowels."""
    letters = [letter for letter in text if letter in ascii_letters]
    if not letters:
        return ""
    code, last = letters[0], _SOUNDS.get(letters[0].upper())
    for letter in letters[1:]:
        digit = _SOUNDS.get(letter.upper())
        if digit is not None and digit != last:
            code += digit
        last = digit or last
        if len(code) == _CODE_LENGTH:
            break
    return code.ljust(_CODE_LENGTH, "0")


def edit_distance(one: Sequence[object], other: Sequence[object]) -> int:
    """The least number of letters put in, taken out or changed that makes one the other (Levenshtein)."""
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, wanted in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (letter != wanted))
    return row[-1]
