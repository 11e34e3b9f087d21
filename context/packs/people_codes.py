"""Codes of careers, standings and loads, in which columns of students count, and their texts in packs."""

from __future__ import annotations

from enum import IntEnum

from context.arrays import code_texts


class Career(IntEnum):
    """What a student is after."""

    UNDERGRADUATE = 0
    GRADUATE = 1
    PROFESSIONAL = 2


class Standing(IntEnum):
    """The class of an undergraduate, else the career."""

    FRESHMAN = 0
    SOPHOMORE = 1
    JUNIOR = 2
    SENIOR = 3
    GRADUATE = 4
    PROFESSIONAL = 5

    @property
    def career(self) -> Career:
        """The career in which students have this standing."""
        return Career(max(self - Standing.SENIOR, Career.UNDERGRADUATE))


class Load(IntEnum):
    """How much a student takes on."""

    FULL_TIME = 0
    PART_TIME = 1


CAREERS, STANDINGS, LOADS = code_texts(Career), code_texts(Standing), code_texts(Load)
CLASSES = STANDINGS[: Standing.SENIOR + 1]  # of undergraduates
