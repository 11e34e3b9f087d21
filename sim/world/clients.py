"""What people click with: each has two devices and three addresses; a visit takes one of each.

The documentation ranges of RFC 5737 hold 762 addresses: those of a large campus are shared, as behind a
router.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from context import rng
from context.arrays import I32, I64, U64
from sim.world.world import World

ADDRESSES = tuple(
    f"{network}.{host}" for network in ("192.0.2", "198.51.100", "203.0.113") for host in range(1, 255)
)
_ADDRESS_TABLE = pa.array(ADDRESSES)
_FIRST_DEVICE = 0.75  # share of visits with the main device (assumption)
_HOME, _CAMPUS = (
    0.55,
    0.85,
)  # shares of visits from home, then from campus; the rest is on the way (assumption)
_CAMPUS_ADDRESSES = 24
# Purposes of draws: of a person's key, then of a visit's.
_DEVICES, _ADDRESSES = 830, 831
_AT_HOME, _ON_THE_WAY = 0, 1
_SECOND_DEVICE, _WHERE, _CAMPUS_ADDRESS = 2, 3, 4


def devices(world: World, person: I32, visit: U64) -> I64:
    """Device of each visit: a row of ``World.devices``, int64."""
    second = rng.uniform(visit, _SECOND_DEVICE) >= _FIRST_DEVICE
    return rng.categorical(
        rng.extend(world.persons.key[person], _DEVICES), world.device_thresholds, second.astype(np.int64)
    )


def address_rows(world: World, person: I32, visit: U64) -> I64:
    """Address of each visit: an index into ADDRESSES, int64."""
    u = rng.uniform(visit, _WHERE)
    key = rng.extend(world.persons.key[person], _ADDRESSES)
    home = _CAMPUS_ADDRESSES + rng.integer(
        key, len(ADDRESSES) - _CAMPUS_ADDRESSES, np.where(u < _HOME, _AT_HOME, _ON_THE_WAY)
    )
    campus = rng.integer(visit, _CAMPUS_ADDRESSES, _CAMPUS_ADDRESS)
    return np.where((u >= _HOME) & (u < _CAMPUS), campus, home)


def addresses(world: World, person: I32, visit: U64) -> pa.Array:
    """Addresses of visits as texts."""
    return _ADDRESS_TABLE.take(pa.array(address_rows(world, person, visit)))
