"""Who teaches and helps beside the primary instructors: assistants, co-teachers, observers, designers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from context import rng
from context.arrays import I32, I64, U64
from context.courses.catalogue import Catalogue, Seats, SectionKind
from context.packs.pack import Pack
from context.people.students import Students

_ROUNDS = 6  # tries to find a person who is not in the section yet
# Purposes of randomness: what each number draws.
_EXTRA_SECTION, _EXTRA_PERSON, _ASSISTANT, _ASSISTED = 0, 1, 1, 510


def extra_roles(pack: Pack, students: int, given: dict[str, int]) -> dict[str, int]:
    """Rows wanted of every role but Student, beside those that are given."""
    shares = pack.categorical("course_section_enrollment", "role").shares()
    per_student = students / shares["Student"]
    wanted = {
        str(role): round(share * per_student) for role, share in shares.items() if role and role != "Student"
    }
    return {role: max(n - given.get(role, 0), 0) for role, n in wanted.items()}


def component_assistants(
    pack: Pack, students: Students, catalogue: Catalogue, seats: Seats
) -> tuple[I64, I64]:
    """(components with an assistant of their own, the assistants): graduate students, while they last."""
    graduates = np.flatnonzero(~students.is_undergraduate)
    components = np.flatnonzero(
        np.isin(catalogue.section_kind, (SectionKind.DISCUSSION, SectionKind.LABORATORY))
    )
    many = extra_roles(pack, len(seats.student), {}).get("TeachingAssistant", 0) if len(graduates) else 0
    key = rng.extend(catalogue.section_key[components], _ASSISTED)
    chosen = np.argsort(rng.bits(key), kind="stable")[:many]
    return components[chosen], graduates[rng.integer(key[chosen], max(len(graduates), 1), _ASSISTANT)]


@dataclass(frozen=True)
class Candidates:
    """Who may teach and help, as persons of the store: students, then instructors, then support staff."""

    first_instructor: int
    first_support: int
    people: int
    graduates: I64
    colleagues: list[I64]  # instructors of each CIP family, counted from 0

    def pick(self, role: str, cip: I32, key: U64) -> I64:
        """One for each row of a role: colleagues of the family, graduate students, support staff."""
        if role in ("Teacher", "Faculty"):
            sizes = np.array([len(home) for home in self.colleagues])
            starts = np.cumsum(sizes) - sizes
            flat = np.concatenate(self.colleagues)
            return np.asarray(self.first_instructor + flat[starts[cip] + rng.integer(key, sizes[cip])])
        if role == "TeachingAssistant" and len(self.graduates):
            return self.graduates[rng.integer(key, len(self.graduates))]
        return self.first_support + rng.integer(key, max(self.people - self.first_support, 1))


def add_extras(
    seed: int,
    roles: tuple[str, ...],
    wanted: dict[str, int],
    size_table: I64,
    section_cip: I32,
    candidates: Candidates,
    rows: tuple[list[I64], list[I64], list[I64]],
) -> None:
    """Append (person, section, role) of the wanted extra staff; nobody is twice in a section."""
    person, section, role = rows
    taken = np.concatenate(section) * candidates.people + np.concatenate(person)
    for name in roles:
        missing = wanted.get(name, 0)
        for attempt in range(_ROUNDS):
            if missing <= 0:
                break
            key = rng.key(seed, f"extra {name}", attempt, np.arange(missing))
            # Large sections have more staff: a section is picked in proportion to its seats.
            where = np.searchsorted(
                size_table, rng.integer(key, int(size_table[-1]), _EXTRA_SECTION), side="right"
            )
            who = candidates.pick(name, section_cip[where], rng.extend(key, _EXTRA_PERSON))
            code = where * candidates.people + who
            _, first = np.unique(code, return_index=True)
            fresh = first[~np.isin(code[first], taken)]
            person.append(who[fresh])
            section.append(where[fresh])
            role.append(np.full(len(fresh), roles.index(name)))
            taken = np.concatenate([taken, code[fresh]])
            missing -= len(fresh)
