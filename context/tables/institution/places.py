"""Tables of where sections meet: buildings and their rooms. Names are invented, numbers assumptions."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from context import columns as frame
from context import ids, rng
from context.arrays import BOOL, I64
from context.columns import Coded, Maybe
from context.courses.meetings import SLOTS, course_keys, make_meetings, meeting_keys
from context.tables.every_table import sis_keymap
from context.terms.drawn import Drawn, Tables

ROOMS_PER_FACILITY = 8
_NAMES = {
    "LectureHall": "{} Hall",
    "Laboratory": "{} Laboratories",
    "Other": "{} Center",
    "NoData": "{} House",
}
# Purposes of randomness: what each number draws.
_NEEDS_ROOM, _SEATS_OF_ROOM, _ROOM = 1, 1, 360


def place_tables(d: Drawn) -> tuple[Tables, Tables]:
    """(entities, keymaps) of buildings and rooms."""
    rooms = room_seats(d)
    facility_of = np.arange(len(rooms)) // ROOMS_PER_FACILITY
    count = int(facility_of[-1]) + 1
    key = rng.key(d.seed, "facility", np.arange(count))
    law = d.pack.categorical("facility", "type")
    kind = law.draw(key)
    kind[0] = law.values.index("LectureHall")  # it has the largest room
    types = tuple(str(value) for value in law.values)
    names, codes = _names(d, [types[code] for code in kind.tolist()])
    facility = {
        "facility_id": ids.udp_ids(count),
        "campus_id": np.where(np.arange(count) % 7 == 6, 2, 1),  # one in seven is on the smaller campus
        "name": pa.array(names),
        "code": pa.array(codes),
        "type": Coded(kind, types),
    }
    place = np.arange(len(rooms)) % ROOMS_PER_FACILITY
    number = (1 + place // 4) * 100 + 2 + 3 * (place % 4) + rng.integer(rng.key(d.seed, "room", place), 2)
    code = frame.texts(number)
    named = rooms >= 100
    building = pa.array(names).take(pa.array(facility_of))
    room = {
        "room_id": ids.udp_ids(len(rooms)),
        "facility_id": facility_of + 1,
        "name": Maybe(frame.join(building, " Auditorium ", code), named),
        "code": code,
        "capacity": rooms,
    }
    external = frame.join(pa.array(codes).take(pa.array(facility_of)), "-", code)
    return (
        {
            "facility": frame.table("facility", count, facility),
            "room": frame.table("room", len(rooms), room),
        },
        {"facility": sis_keymap("facility", codes), "room": sis_keymap("room", external)},
    )


def room_seats(d: Drawn) -> I64:
    """Seats of each room; their number follows the size asked for, not what a term happens to teach.

    The first room of all is the largest, so that every section finds a place.
    """
    count = max(2 * ROOMS_PER_FACILITY, round(d.fte * d.pack.number("room.per_1000_fte") / 1000))
    law = d.pack.categorical("room", "capacity")
    drawn = law.draw(rng.key(d.seed, "room", np.arange(count)), index=_SEATS_OF_ROOM)
    seats = np.array([int(str(value)) for value in law.values])[drawn]
    seats[0] = round(d.pack.number("room.largest_capacity"))
    return np.asarray(seats, dtype=np.int64)


def _names(d: Drawn, kinds: list[str]) -> tuple[list[str], list[str]]:
    """(names, codes) of buildings: each after a surname of its own as long as there are enough."""
    surnames = [str(name) for name in d.pack.table("surname")["name"]]
    order = rng.permutation(rng.key(d.seed, "facility name", np.arange(len(surnames))))
    names, codes = [], []
    for row, kind in enumerate(kinds):
        surname = surnames[order[row % len(surnames)]]
        names.append(_NAMES[kind].format(surname))
        codes.append(f"{surname[:4].upper()}{row + 1}")
    return names, codes


def section_rooms(d: Drawn, seats: I64, online: BOOL, names: pa.Array) -> Maybe:
    """Room id of each section that needs ``seats``: a keyed pick among those neither too small nor too big.

    No room has two sections at once: the largest sections choose first, and who finds no room of that kind
    free takes a larger one. Sections taught online meet in none, and a few have none on record. ``names``: by
    which the events know the courses too.
    """
    course_key = course_keys(d.seed, names.to_pylist())
    c = d.catalogue
    meetings = make_meetings(d.pack, meeting_keys(course_key, c.section_offering), c.section_lecture)
    rooms = room_seats(d)
    order = np.argsort(rooms, kind="stable")
    sizes = rooms[order]
    low = np.minimum(np.searchsorted(sizes, seats), len(rooms) - 1)
    high = np.maximum(np.searchsorted(sizes, 2 * seats + 12, side="right"), low + 1)
    key = rng.extend(d.catalogue.section_key, _ROOM)
    lot = rng.integer(key, 1 << 32)
    found = np.full(len(seats), -1, dtype=np.int64)
    busy = np.zeros((len(rooms), SLOTS), dtype=np.bool_)
    needs = np.flatnonzero(~online & (rng.uniform(key, _NEEDS_ROOM) >= 0.03))
    for section in needs[np.lexsort((needs, -seats[needs]))].tolist():
        slots = meetings.slots(section)
        free = np.flatnonzero(~busy[low[section] :, slots].any(axis=1)) + low[section]
        fits = free[free < high[section]]
        if len(free):
            place = fits[lot[section] * len(fits) >> 32] if len(fits) else free[0]
            busy[place, slots] = True
            found[section] = order[place]
    return Maybe(found + 1, found >= 0)
