"""When the sections of a scenario's store meet, worked out from what the store says of them."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from context import rng
from context.arrays import I64
from context.courses.meetings import Meetings, make_meetings, meeting_keys
from context.scenario.scenario import Scenario
from context.store.store import Store
from tests.samples.gates import CAMPUS, store_of_campus
from tests.samples.tiny import default_pack, store_of


def store_with(scenario: Scenario) -> Store:
    """The store of a scenario, that of the gates' campus out of its files."""
    return store_of_campus() if scenario == CAMPUS else store_of(scenario)


@cache
def weeks_of(scenario: Scenario) -> tuple[npt.NDArray[np.uint64], Meetings]:
    """(key, week) of each section, in order of the store's rows."""
    store = store_with(scenario)
    offering, section = store.entity["course_offering"], store.entity["course_section"]
    names = pc.coalesce(store.keymap["course_offering"]["sis_ext_id"], offering["le_code"]).to_pylist()
    course = section["le_current_course_offering_id"].to_numpy() - 1
    key = meeting_keys(rng.key_of_text(scenario.seed, "course", names), course)
    return key, make_meetings(default_pack(), key, _lectures(scenario))


def _lectures(scenario: Scenario) -> I64:
    """Row of the lecture in which a component's students sit, -1 for sections that are none."""
    store = store_with(scenario)
    section, seat = store.entity["course_section"], store.entity["course_section_enrollment"]
    home = section["course_offering_id"].to_numpy()
    part = np.isin(section["type"].to_numpy(zero_copy_only=False).astype(str), ("Discussion", "Laboratory"))
    graded = pc.fill_null(section["is_graded"], fill_value=False).to_numpy(zero_copy_only=False)
    student = pc.equal(seat["role"].cast("string"), "Student").to_numpy(zero_copy_only=False)
    where, who = seat["course_section_id"].to_numpy()[student] - 1, seat["person_id"].to_numpy()[student]
    code = home[where] * (int(who.max()) + 1) + who
    main, parts = np.flatnonzero(graded[where]), np.flatnonzero(part[where])
    main = main[np.argsort(code[main], kind="stable")]
    lecture = np.full(len(home), -1, dtype=np.int64)
    lecture[where[parts]] = where[main[np.searchsorted(code[main], code[parts])]]
    return lecture
