"""Tables of learning outcomes: their groups, ratings, results, and answers that were assessed."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from context import columns as frame
from context import ids, rng
from context.arrays import DAY_MS, I64, MINUTE_MS, ordinals
from context.columns import Coded, Maybe
from context.grades.learning_outcomes import scales_of
from context.tables.every_table import Columns
from context.tables.institution.course_codes import course_codes
from context.tables.institution.people import display_names
from context.tables.institution.structure import department_account
from context.tables.titles import phrases, topic_phrases
from context.terms.drawn import Drawn, Tables

GENERAL_GROUPS = ("General Education", "Institutional Learning Outcomes")  # below the institution's root
# Purposes of randomness: what each number draws.
_GROUP_UPDATED, _HOW_MANY, _DISPLAY_NAME, _OUTCOME_UPDATED = 1, 3, 4, 5
_RESULT_UPDATED, _RESULT_HIDDEN, _HIDE_POINTS, _COURSE_BEGAN_DAYS = 7, 8, 33, 254
_COURSE_BEGAN = 255


def learning_tables(d: Drawn) -> tuple[Tables, Tables]:
    """(entities, keymaps) of learning outcomes."""
    entity: Tables = {}
    keymap: Tables = {}
    for name, (columns, rows) in {
        "learning_outcome_group": _groups(d),
        "learning_outcome": _outcomes(d),
        "learning_outcome_rubric_criteria": _ratings(d),
        "learning_outcome_result": _results(d),
        "learning_outcome_item_response": _responses(d),
    }.items():
        entity[name] = frame.table(name, rows, {f"{name}_id": ids.udp_ids(rows), **columns})
        local = d.local(name, rows, frame.created(columns))
        keymap[name] = ids.canvas_keymap(name, ids.udp_ids(rows), local)
    return entity, keymap


def _made_ms(d: Drawn) -> tuple[int, I64]:
    """(when the institution's outcomes were imported, when each course began to set its own)."""
    key = rng.key(d.seed, "outcome import")
    imported = d.open_ms - (200 + int(rng.integer(key, 400)[0])) * DAY_MS
    days = 1 + rng.integer(rng.extend(d.catalogue.offering_key, _COURSE_BEGAN_DAYS), 12)
    return imported, d.open_ms - days * DAY_MS + rng.integer(
        rng.extend(d.catalogue.offering_key, _COURSE_BEGAN), DAY_MS
    )


def _groups(d: Drawn) -> Columns:
    """The institution's root and what is below it; a root for each course that sets outcomes."""
    o = d.learning.outcomes
    course = np.unique(o.offering[o.offering >= 0])
    general = 1 + len(GENERAL_GROUPS)
    rows = general + len(course)
    imported, made = _made_ms(d)
    place = np.arange(rows)
    root = np.where(place < general, 1, place + 1)
    created = np.concatenate([imported + np.arange(general) * MINUTE_MS, made[course]])
    below = (place > 0) & (place < general)
    titles = pa.concat_arrays(
        [pa.array([d.institution, *GENERAL_GROUPS]), course_codes(d).take(pa.array(course))]
    )
    told = pa.array([f"<p>Outcomes that all programs of {d.institution} share.</p>"])
    return {
        "learning_environment_organization_id": Maybe(np.ones(rows, dtype=np.int64), place < general),
        "course_offering_id": Maybe(
            np.concatenate([np.zeros(general, dtype=np.int64), course + 1]), place >= general
        ),
        "parent_learning_outcome_group_id": Maybe(np.ones(rows, dtype=np.int64), below),
        "root_learning_outcome_group_id": root,
        "title": titles,
        "description": told.take(pa.array(np.zeros(rows, dtype=np.int64), mask=~below)),
        "status": "active",
        "vendor_guid": Coded(np.where(below, place - 1, -1), [f"ILO-G{n + 1}" for n in range(general - 1)]),
        "outcome_import_id": Maybe(np.ones(rows, dtype=np.int64), below),
        "created_date": created,
        "updated_date": created
        + d.coin(rng.key(d.seed, "outcome group", place), _GROUP_UPDATED, 0.3) * MINUTE_MS,
    }, rows


def _outcomes(d: Drawn) -> Columns:
    o, general = d.learning.outcomes, d.learning.general
    rows, own = len(o), o.offering >= 0
    course = np.maximum(o.offering, 0)
    names = phrases(d.pack, "outcome_general")
    subject = d.structures.offering_subject[course]
    title = frame.either(
        own,
        topic_phrases(d, "outcome_course", subject, o.key),
        Coded(np.minimum(o.ordinal, general - 1), names),
    )
    told = frame.either(
        own,
        topic_phrases(d, "outcome_text", subject, o.key, "<p>{}</p>"),
        Coded(
            np.minimum(o.ordinal, general - 1),
            [f"<p>Students show {name.lower()} in work of growing difficulty.</p>" for name in names],
        ),
    )
    imported, made = _made_ms(d)
    created = np.where(own, made[course], imported) + (1 + o.ordinal) * 2 * MINUTE_MS
    methods = d.pack.categorical("learning_outcome", "calculation_method").values
    law = d.pack.categorical("learning_outcome", "calculation_int")  # the number that some methods ask for
    given = np.array([law.given_code(0, str(name)) for name in methods])
    numbers = np.array([int(value) if value else -1 for value in law.values])
    whole = numbers[law.draw(rng.extend(o.key, _HOW_MANY), given[o.method])]
    scales = scales_of(d.pack)
    guid = Coded(np.where(own, -1, o.ordinal), [f"ILO-{n + 1}" for n in range(general)])
    return {
        "learning_environment_organization_id": Maybe(np.ones(rows, dtype=np.int64), ~own),
        "course_offering_id": Maybe(o.offering + 1, own),
        "short_description": title,
        "display_name": frame.only(title, d.coin(o.key, _DISPLAY_NAME, 0.25)),
        "description": told,
        "status": "active",
        "vendor_guid": guid,
        "outcome_import_id": Maybe(np.ones(rows, dtype=np.int64), ~own),
        "calculation_method": Coded(o.method, methods),
        "calculation_int": Maybe(whole, whole > 0),
        "mastery_points": np.array([each.mastery * 100 for each in scales])[o.scale],
        "points_possible": np.array([each.ratings[0] * 100 for each in scales])[o.scale],
        "created_date": created,
        "updated_date": created + d.coin(o.key, _OUTCOME_UPDATED, 0.2) * DAY_MS // 3,
    }, rows


def _ratings(d: Drawn) -> Columns:
    o = d.learning.outcomes
    scales = scales_of(d.pack)
    sizes = np.array([len(each.ratings) for each in scales])
    counts = sizes[o.scale]
    outcome = np.repeat(np.arange(len(o)), counts)
    place = ordinals(counts)
    first = np.cumsum(sizes) - sizes
    row = first[o.scale[outcome]] + place
    points = np.array([point * 100 for each in scales for point in each.ratings])
    words = [word for each in scales for word in each.words]
    own = o.offering[outcome] >= 0
    return {
        "learning_outcome_id": outcome + 1,
        "learning_environment_organization_id": Maybe(np.ones(len(outcome), dtype=np.int64), ~own),
        "course_offering_id": Maybe(o.offering[outcome] + 1, own),
        "description": Coded(row, words),
        "points": points[row],
    }, len(outcome)


def _marks(d: Drawn, outcome: I64, score: I64, possible: I64, original: I64) -> dict[str, object]:
    """Scores, shares and mastery of results or answers; the mark is the outcome's share of its points."""
    scale = d.learning.outcomes.scale[outcome]
    scales = scales_of(d.pack)
    mark = np.array([each.mastery for each in scales])[scale]
    most = np.array([each.ratings[0] for each in scales])[scale]
    return {
        "is_mastery": score * most >= possible * mark,
        "score": score,
        "possible": possible,
        "percent": (200 * score + possible) // np.maximum(2 * possible, 1),
        "original_score": original,
        "original_possible": possible,
        "is_original_mastery": original * most >= possible * mark,
    }


def _results(d: Drawn) -> Columns:
    a, r = d.learning.assessed, d.results
    rows = len(a)
    activity = r.activity[a.result]
    offering = d.content.activities.offering[activity]
    quiz = np.append(d.quiz_results.quiz, 0)[a.quiz_result]
    return {
        "learning_outcome_id": a.outcome + 1,
        "person_id": d.enrolments.person[r.enrolment[a.result]] + 1,
        "learner_activity_id": activity + 1,
        "quiz_id": Maybe(quiz + 1, a.quiz_result >= 0),
        "course_offering_id": offering + 1,
        "learning_environment_organization_id": department_account(d)[offering] + 1,
        "is_hide_points": d.coin(
            d.content.activities.key[activity], _HIDE_POINTS, "learning_outcome_result.hide_points_share"
        )
        & (a.quiz_result < 0),
        "is_hidden": d.content.activities.is_hidden[activity]
        | d.coin(a.key, _RESULT_HIDDEN, "learning_outcome_result.hidden_share"),
        **_marks(d, a.outcome, a.score, a.possible, a.original),
        "attempts": a.attempts,
        "assessed_date": a.assessed_ms,
        "response_date": r.submitted_ms[a.result],
        "created_date": a.assessed_ms,
        "updated_date": a.assessed_ms + d.coin(a.key, _RESULT_UPDATED, 0.02) * MINUTE_MS * 7,
    }, rows


def _responses(d: Drawn) -> Columns:
    w, a, r = d.learning.answered, d.learning.assessed, d.results
    outcome, result = a.outcome[w.of], a.result[w.of]
    activity = r.activity[result]
    offering = d.content.activities.offering[activity]
    person = d.enrolments.person[r.enrolment[result]]
    number = frame.texts(d.quizzes.items.place[w.item] + 1)
    assessed = a.assessed_ms[w.of]
    return {
        "learning_outcome_result_id": w.of + 1,
        "learning_outcome_id": outcome + 1,
        "quiz_item_id": w.item + 1,
        "person_id": person + 1,
        "quiz_id": d.quizzes.items.quiz[w.item] + 1,
        "learner_activity_id": activity + 1,
        "course_offering_id": offering + 1,
        "learning_environment_organization_id": department_account(d)[offering] + 1,
        "title": frame.join(display_names(d).take(pa.array(person)), ", Question ", number),
        **_marks(d, outcome, w.score, w.possible, w.original),
        "attempts": a.attempts[w.of],
        "assessed_date": assessed,
        "response_date": r.submitted_ms[result],
        "created_date": assessed,
        "updated_date": assessed,
    }, len(w)
