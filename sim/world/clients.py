"""What people click with: each has two devices and a few addresses; a visit takes one of each.

Who uses the second device how often, and who works at home and who on campus, is everybody's own habit. On
campus each has three places, of those that all share.

The documentation ranges of RFC 5737 hold 762 addresses: those of a large campus are shared, as behind a
router.
"""

from __future__ import annotations

import numpy as np

from context import rng
from context.arrays import I32, I64, U64
from sim.world.world import World

ADDRESSES = tuple(
    f"{network}.{host}" for network in ("192.0.2", "198.51.100", "203.0.113") for host in range(1, 255)
)
# Shares of visits with the main device, from home, and from campus of those that are not; means over people,
# each of whom lies up to so far from them (assumptions).
_FIRST_DEVICE, _FIRST_DEVICE_REACH = 0.75, 0.2
_HOME, _HOME_REACH, _CAMPUS = 0.55, 0.35, 2 / 3
_CAMPUS_ADDRESSES, _OWN_PLACES = 24, 3
# Purposes of draws: of a person's key, then of a visit's.
_DEVICES, _ADDRESSES, _HABITS = 830, 831, 832
_AT_HOME, _ON_THE_WAY, _ON_CAMPUS = 0, 1, 2
_DEVICE_HABIT, _HOME_HABIT = 0, 1
_SECOND_DEVICE, _WHERE, _CAMPUS_ADDRESS = 2, 3, 4


def devices(world: World, person: I32, visit: U64) -> I64:
    """Device of each visit: a row of ``World.devices``, int64."""
    habit = rng.uniform(rng.extend(world.persons.key[person], _HABITS), _DEVICE_HABIT)
    first = _FIRST_DEVICE + _FIRST_DEVICE_REACH * (2 * habit - 1)
    second = rng.uniform(visit, _SECOND_DEVICE) >= first
    return rng.categorical(
        rng.extend(world.persons.key[person], _DEVICES), world.device_thresholds, second.astype(np.int64)
    )


def address_rows(world: World, person: I32, visit: U64) -> I64:
    """Address of each visit: an index into ADDRESSES, int64."""
    habit = rng.uniform(rng.extend(world.persons.key[person], _HABITS), _HOME_HABIT)
    home_share = _HOME + _HOME_REACH * (2 * habit - 1)
    u = rng.uniform(visit, _WHERE)
    key = rng.extend(world.persons.key[person], _ADDRESSES)
    home = _CAMPUS_ADDRESSES + rng.integer(
        key, len(ADDRESSES) - _CAMPUS_ADDRESSES, np.where(u < home_share, _AT_HOME, _ON_THE_WAY)
    )
    place = _ON_CAMPUS + rng.integer(visit, _OWN_PLACES, _CAMPUS_ADDRESS)
    campus = rng.integer(key, _CAMPUS_ADDRESSES, place)
    return np.where((u >= home_share) & (u < home_share + (1 - home_share) * _CAMPUS), campus, home)
