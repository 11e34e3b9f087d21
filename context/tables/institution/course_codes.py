"""Codes and SIS ids of courses and sections, as registrars and Canvas write them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from context import columns as frame
from context.columns import Coded
from context.courses.catalogue import OfferingKind
from context.tables.institution.people import logins
from context.terms.drawn import Drawn


def course_codes(d: Drawn) -> pa.Array:
    """Such as MATH 310: subject and number."""
    return frame.join(
        Coded(d.structures.offering_subject, d.structures.subjects),
        " ",
        pa.array(d.structures.offering_number),
    )


def offering_sis(d: Drawn) -> pa.Array:
    """Such as 2026-fall-MATH-310: the SIS id of an offering."""
    return frame.join(f"{d.calendar.term.code}-", pc.replace_substring(course_codes(d), " ", "-"))


def le_codes(d: Drawn) -> pa.Array:
    """Such as MATH 310 Fall 2026, or SANDBOX- and its owner's login."""
    known = pa.array(d.catalogue.offering_kind != OfferingKind.SANDBOX)
    sandbox = frame.join("SANDBOX-", pc.coalesce(sandbox_logins(d), ""))
    return pc.if_else(known, frame.join(course_codes(d), " ", d.calendar.term.name), sandbox)


def section_numbers(d: Drawn) -> pa.Array:
    """Three digits: 001, 002, ...; discussions from 301 on, laboratories from 401 on."""
    c = d.catalogue
    begin = np.array([1, 301, 401, 1])[c.section_kind]
    return pc.utf8_lpad(frame.texts(c.section_ordinal + begin), 3, "0")


def section_sis(d: Drawn) -> pa.Array:
    """Such as 2026-fall-MATH-310-001: the SIS id of a section."""
    return frame.join(offering_sis(d).take(pa.array(d.catalogue.section_home)), "-", section_numbers(d))


def sandbox_logins(d: Drawn) -> pa.Array:
    """Login of the owner of each sandbox, NULL for all other courses."""
    c = d.catalogue
    owner = np.full(c.offerings, -1, dtype=np.int64)
    owner[c.offerings - len(c.sandbox_owner) :] = len(d.students) + c.sandbox_owner
    return logins(d).take(pa.array(owner, mask=owner < 0))
