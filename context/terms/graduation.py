"""Who completes a degree at the end of a term, and which degree.

Who leaves after a term and has studied for long enough completes in the pack's share; others leave without.
An undergraduate who completes has 120 credits by then: what the store's terms did not give was brought along.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from context import rng
from context.arrays import BOOL
from context.packs.pack import Pack
from context.packs.people_codes import Career
from context.people.students import Students
from context.terms.drawn import Drawn

CREDITS = 120  # of a bachelor's degree
CONFERRED = 9  # days from the last one of a term: a Saturday by the pack's rules, when grades are in
LEAST_GPA = 200  # hundredths, of the last term and of those before
# Terms behind the last one, by standing: of a bachelor's degree the last year is studied here, of a master's
# two, of a professional one three; a doctorate takes four (assumptions). Nobody below completes.
_LEAST_BEHIND = np.array([99, 99, 99, 1, 3, 5])
_DOCTORAL_BEHIND = 7
_WITH_MASTER = 0.22  # of graduate students (assumption)
_NURSES = 0.4  # of bachelors in the health professions (assumption)
_SCIENCES = ("01", "03", "11", "15", "26", "27", "30", "31", "40", "41", "42", "46", "49", "51")
_BACHELORS = {"52": "BBA", "14": "BSE", "13": "BED", "50": "BFA"}
_MASTERS = {"52": "MBA", "14": "MS", "13": "MED", "50": "MFA", "51": "MPH"}
_PROFESSIONAL = {"51": "PHARMD", "22": "JD"}
# Purposes of randomness: what each number draws.
_CAME_WITH_MASTER, _COMPLETES, _NURSE = 307, 320, 321


def came_with_master(students: Students) -> BOOL:
    """True for graduate students who had a master's degree when they came: they are after a doctorate."""
    return np.asarray(
        (students.career == Career.GRADUATE)
        & (rng.uniform(rng.extend(students.key, _CAME_WITH_MASTER)) < _WITH_MASTER)
    )


def completes(d: Drawn) -> BOOL:
    """True for students who complete a degree at the term's end: some of those who leave."""
    students, records = d.students, d.records
    least = np.where(came_with_master(students), _DOCTORAL_BEHIND, _LEAST_BEHIND[students.standing])
    passes = (records.earned > 0) & (records.past_hundredths >= LEAST_GPA)
    passes &= (records.gpa_hundredths >= LEAST_GPA) | (records.gpa_credits == 0)
    chosen = rng.uniform(rng.extend(students.key, _COMPLETES)) < d.pack.number("students.completion_share")
    return np.asarray(d.leaves & (d.behind >= least) & passes & chosen)


def degree_codes(pack: Pack, students: Students) -> npt.NDArray[np.str_]:
    """Code of the degree that each student is after, by major and career."""
    families = [str(code) for code in pack.table("cip")["cip"]]
    degrees = np.array(
        [
            (_BACHELORS.get(code, science), master, _PROFESSIONAL.get(code, master))
            for code in families
            for science in ("BS" if code in _SCIENCES else "BA",)
            for master in (_MASTERS.get(code, "MS" if code in _SCIENCES else "MA"),)
        ]
    )
    found = degrees[students.major_cip, students.career]
    field = np.array(families)[students.major_cip]
    nurse = (found == "BS") & (field == "51") & (rng.uniform(rng.extend(students.key, _NURSE)) < _NURSES)
    found = np.where(nurse, "BSN", found)
    return np.where(came_with_master(students), np.where(field == "13", "EDD", "PHD"), found)
