"""Tables of quizzes: their questions and banks, who took them, and every answer."""

from __future__ import annotations

from functools import partial

import numpy as np
import pyarrow as pa

from context import columns as frame
from context import ids, rng
from context.arrays import BOOL, DAY_MS, HOUR_MS, I64, MINUTE_MS, NO_TIME, ordinals
from context.columns import Coded, Maybe
from context.content.quizzes import TEXT_ONLY
from context.results.quiz_responses import CHUNK, Responses, make_responses
from context.tables.every_table import Columns, activity_unlocked, coded, is_value, touched
from context.tables.titles import phrases, sentences, topic_phrases
from context.terms.drawn import Drawn, LaterTables, Tables

QUIZ_CREATED_MINUTES = 3 * 24 * 60  # a quiz and its questions are written within these before it opens
_RESPONSE = "quiz_item_response"
_LETTERS = ("A", "B", "C", "D")
_SETS = ("A, B", "A, C", "A, D", "B, C", "B, D", "C, D", "A, B, C", "A, B, D", "A, C, D", "B, C, D")
_NUMBERS = tuple(str(number / 4 if number % 3 == 0 else number) for number in range(1, 61))
# Purposes of randomness: what each number draws.
_BANK_CHANGED, _BANK_UPDATED, _TRUTH, _ITEM_CHANGED = 1, 2, 6, 12
_REGRADE, _COMMENT_RIGHT, _COMMENT_WRONG, _COMMENT_NEUTRAL = 13, 14, 15, 16
_REGRADE_OPTION, _UNNAMED, _ITEM_UPDATED, _REGRADED = 17, 18, 19, 70
_SEEN, _ANSWERS_SHOWN, _DESCRIPTION, _GO_BACK = 71, 165, 166, 167
_LOCKDOWN, _MANY_AT_ONCE, _SHUFFLED, _RESULTS_SHOWN = 168, 169, 170, 173
_WRITTEN, _BANK_NAME, _ANSWERS_LATER, _ANSWERS_HIDDEN = 208, 209, 211, 212
_IP_FILTER, _MONITOR, _LOCKDOWN_RESULTS, _LOCKABLE = 213, 214, 215, 216
_UNPUBLISHED, _UNPUBLISHED_ITEMS = 217, 218


def quiz_tables(d: Drawn) -> tuple[Tables, Tables]:
    """(entities, keymaps) of quizzes' questions and results."""
    entity: Tables = {}
    keymap: Tables = {}
    for name, (columns, rows) in {
        "quiz_item": _items(d),
        "quiz_item_group": _groups(d),
        "quiz_result": _results(d),
    }.items():
        entity[name] = frame.table(name, rows, {f"{name}_id": ids.udp_ids(rows), **columns})
        local = d.local(name, rows, frame.created(columns))
        keymap[name] = ids.canvas_keymap(name, ids.udp_ids(rows), local)
    return entity, keymap


def response_tables(d: Drawn) -> tuple[Tables, LaterTables]:
    """The answers to quiz items, the largest table of all, and its keymap."""
    return {_RESPONSE: _responses(d)}, {_RESPONSE: partial(_response_keymap, d)}


def quizzes(d: Drawn, titles: pa.Array) -> Columns:
    """Quizzes."""
    q, acts, rules = d.content.quizzes, d.content.activities, d.quizzes
    graded, rows = q.activity >= 0, len(q)
    activity = np.maximum(q.activity, 0)

    def of_activity(values: I64) -> I64:
        return np.where(graded, values[activity], NO_TIME) if len(acts) else np.full(rows, NO_TIME)

    lockdown = d.coin(q.key, _LOCKDOWN, "quiz.lockdown_share")
    answers = coded(d, "quiz", "correct_answers_display_policy", q.key, _ANSWERS_SHOWN)
    after = q.release_ms + np.where(
        graded, np.maximum(of_activity(acts.due_ms) - q.release_ms, 0), 7 * DAY_MS
    )
    later = d.coin(q.key, _ANSWERS_LATER, 0.2) & ~is_value(answers, "never")
    created = question_ms(d, np.arange(rows)) - 5 * MINUTE_MS
    return {
        "course_offering_id": q.offering + 1,
        "learner_activity_id": Maybe(q.activity + 1, graded),
        "allowed_attempts": rules.allowed_attempts,
        "correct_answers_display_policy": answers,
        "created_date": created,
        "description": sentences(
            d, "description", q.key, 1 + rng.integer(rng.extend(q.key, _DESCRIPTION), 2)
        ),
        "due_date": of_activity(np.where(acts.is_dated, acts.due_ms, NO_TIME)),
        "hide_correct_answers_date": np.where(
            later & d.coin(q.key, _ANSWERS_HIDDEN, 0.3), after + 14 * DAY_MS, NO_TIME
        ),
        "ip_filter": Coded(
            np.where(rules.is_exam & d.coin(q.key, _IP_FILTER, 0.15), 0, -1),
            ("192.0.2.0/24,198.51.100.0/24",),
        ),
        "is_allow_anonymous_submissions": False,
        "is_allow_go_back_to_previous_question": d.coin(q.key, _GO_BACK, "quiz.go_back_share"),
        "is_browser_lockdown_monitor_required": lockdown
        & d.coin(q.key, _MONITOR, "quiz.lockdown_monitor_share"),
        "is_browser_lockdown_required": lockdown,
        "is_browser_lockdown_required_to_display_results": lockdown
        & d.coin(q.key, _LOCKDOWN_RESULTS, "quiz.lockdown_results_share"),
        "is_can_be_locked": d.coin(q.key, _LOCKABLE, "quiz.lockable_share"),
        "is_display_multiple_questions": d.coin(q.key, _MANY_AT_ONCE, "quiz.all_questions_at_once_share"),
        "is_shuffled_answer_display_order": d.coin(q.key, _SHUFFLED, "quiz.shuffled_share"),
        "points_possible": rules.points_hundredths,
        "published_date": q.release_ms,
        # A quiz without an activity opens when it is published; it was written before.
        "unlocked_date": np.where(
            ~graded | (of_activity(activity_unlocked(d)) != NO_TIME), q.release_ms, NO_TIME
        ),
        "locked_date": of_activity(acts.locked_ms),
        "quiz_item_count": rules.asked,
        "scoring_policy": Coded(rules.policy, rules.policies),
        "show_correct_answers_date": np.where(later, after, NO_TIME),
        "show_results": coded(d, "quiz", "show_results", q.key, _RESULTS_SHOWN),
        "status": "published",
        "time_limit": Maybe(rules.minutes, rules.minutes > 0),
        "title": titles,
        "type": Coded(np.where(graded, 0, 1), ("assignment", "practice_quiz")),
        "unpublished_quiz_item_count": np.where(
            d.coin(q.key, _UNPUBLISHED, "quiz.unpublished_items_share"),
            1 + rng.integer(rng.extend(q.key, _UNPUBLISHED_ITEMS), 3),
            0,
        ),
        "updated_date": touched(d, q.release_ms, q.key),
    }, rows


def _items(d: Drawn) -> Columns:
    q, i = d.quizzes, d.quizzes.items
    subject = d.structures.offering_subject[d.content.quizzes.offering[i.quiz]]
    text_only = i.type == i.types.index(TEXT_ONLY)
    asked = topic_phrases(d, "quiz_question", subject, i.key, "<p>{}</p>")
    told = topic_phrases(d, "quiz_text", subject, i.key, "<p>{}</p>")
    created = question_ms(d, i.quiz) + (i.place + 1) * 20_000
    changed = d.coin(i.key, _ITEM_CHANGED, 0.12)
    regrade = d.coin(i.key, _REGRADE, "quiz_item.regrade_share") & ~text_only
    return {
        "quiz_id": i.quiz + 1,
        "quiz_item_group_id": Maybe(i.group + 1, i.group >= 0),
        "body": frame.either(text_only, told, asked),
        "correct_comments": frame.only(
            topic_phrases(d, "answer_right", subject, i.key), d.coin(i.key, _COMMENT_RIGHT, 0.12)
        ),
        "incorrect_comments": frame.only(
            topic_phrases(d, "answer_wrong", subject, i.key), d.coin(i.key, _COMMENT_WRONG, 0.18)
        ),
        "neutral_comments": frame.only(
            topic_phrases(d, "answer_neutral", subject, i.key), d.coin(i.key, _COMMENT_NEUTRAL, 0.07)
        ),
        "created_date": created,
        "is_regrade_option_available": Maybe(
            d.coin(i.key, _REGRADE_OPTION, "quiz_item.regrade_option_share"), regrade
        ),
        "name": Coded(
            np.where(text_only, 0, 1 + d.coin(i.key, _UNNAMED, 0.2)), ("Instructions", "Question", "")
        ),
        "points_possible": np.where(text_only, 0, q.item_points[i.quiz]),
        "position": i.place + 1,
        "quiz_item_type": Coded(i.type, i.types),
        "status": "published",
        "updated_date": created + changed * (1 + rng.integer(rng.extend(i.key, _ITEM_UPDATED), HOUR_MS)),
    }, len(i)


def question_ms(d: Drawn, quiz: I64) -> I64:
    """When the first question of each quiz was written: before the quiz opens."""
    q = d.content.quizzes
    return np.asarray(
        q.release_ms[quiz]
        - 4 * HOUR_MS
        - rng.integer(rng.extend(q.key[quiz], _WRITTEN), QUIZ_CREATED_MINUTES) * MINUTE_MS
    )


def _groups(d: Drawn) -> Columns:
    q = d.quizzes
    quiz, rows = q.group_quiz, len(q.group_quiz)
    key = rng.extend(d.content.quizzes.key[quiz], _BANK_NAME)
    created = question_ms(d, quiz) + MINUTE_MS
    names = ("Question Group", "Question Bank", "Random Questions", "Review Pool")
    return {
        "quiz_id": quiz + 1,
        "created_date": created,
        "name": Coded(rng.integer(key, len(names)), names),
        "pick_count": q.picked[quiz],
        "position": q.intro[quiz] + q.fixed[quiz] + 1,
        "quiz_item_points": q.item_points[quiz],
        "updated_date": created
        + d.coin(key, _BANK_CHANGED, 0.3) * rng.integer(rng.extend(key, _BANK_UPDATED), HOUR_MS),
    }, rows


def _results(d: Drawn) -> Columns:
    r, q, a = d.quiz_results, d.quizzes, d.attempts
    rows = len(r)
    taken = r.count > 0
    last = np.where(taken, r.first + r.count - 1, 0)
    started = np.where(taken, a.started_ms[last], r.began_ms)
    finished = np.where(taken, a.finished_ms[last], NO_TIME)
    graded = r.kept_hundredths != NO_TIME
    regraded = (
        graded
        & d.coin(r.key, _REGRADED, "quiz_result.regraded_share")
        & (r.kept_hundredths >= q.item_points[r.quiz])
    )
    result = np.maximum(r.result, 0)
    due: I64 | int = NO_TIME
    if len(d.results):
        dated = (r.result >= 0) & d.content.activities.is_dated[d.results.activity[result]]
        due = np.where(dated, d.results.due_ms[result], NO_TIME)
    shown = ~is_value(coded(d, "quiz", "show_results", d.content.quizzes.key, _RESULTS_SHOWN), "never")[
        r.quiz
    ]
    seen = d.coin(r.key, _SEEN, "quiz_result.seen_share")
    return {
        "quiz_id": r.quiz + 1,
        "person_id": d.enrolments.person[r.enrolment] + 1,
        "learner_activity_result_id": Maybe(r.result + 1, r.result >= 0),
        "status": Coded(np.where(graded, 0, 1 + ~taken), ("complete", "pending_review", "untaken")),
        "score": np.where(taken, a.score_hundredths[last], NO_TIME),
        "kept_score": r.kept_hundredths,
        "score_before_regrade": np.where(regraded, r.kept_hundredths - q.item_points[r.quiz], NO_TIME),
        "fudge_points": r.fudge_hundredths,
        "quiz_points_possible": q.points_hundredths[r.quiz],
        "total_attempts": r.count,
        "extra_attempts": Maybe(r.extra_attempts, r.extra_attempts > 0),
        "extra_time": Maybe(r.extra_minutes, r.extra_minutes > 0),
        "time_taken": Maybe((a.finished_ms[last] - a.started_ms[last]) // 1000, taken),
        "started_date": started,
        "finished_date": finished,
        "due_date": due,
        "created_date": r.began_ms,
        "updated_date": np.maximum(np.maximum(r.graded_ms, finished), started),
        "scoring_policy": Coded(q.policy[r.quiz], q.policies),
        "submission_source": "student",
        "has_seen_results": Maybe(seen, shown & graded),
    }, rows


def _answers(d: Drawn, item: I64, is_right: BOOL, chance: I64) -> Coded:
    """Words of answers: each question has one right answer; some wrong ones are left out."""
    i = d.quizzes.items
    words, essays = tuple(phrases(d.pack, "answer_word")), tuple(phrases(d.pack, "submission"))
    texts: list[str] = []
    base, width = [], []
    for name in i.types:
        options: tuple[str, ...] = {
            "multiple_choice_question": _LETTERS,
            "true_false_question": ("True", "False"),
            "multiple_answers_question": _SETS,
            "multiple_dropdowns_question": _SETS,
            "matching_question": _SETS,
            "numerical_question": _NUMBERS,
            "calculated_question": _NUMBERS,
            "essay_question": essays,
            "file_upload_question": ("response.pdf", "response.docx"),
        }.get(name, words)
        base.append(len(texts))
        width.append(len(options))
        texts.extend(options)
    kind = i.type[item]
    wide = np.array(width)[kind]
    truth = (rng.bits(i.key, _TRUTH) >> np.uint64(40)).astype(np.int64)[item]
    wrong = 1 + (chance & 0xFFFF) % np.maximum(wide - 1, 1)
    code = np.array(base)[kind] + (truth + np.where(is_right, 0, wrong)) % wide
    left_out = ~is_right & ((chance >> 16 & 0xFF) < 15)
    return Coded(np.where(left_out, -1, code), texts)


def _responses(d: Drawn) -> pa.Table:
    """Answers, laid out chunk by chunk: whole columns of numbers would be large."""
    entities, done = [], 0
    for part in make_responses(d.quizzes, d.quiz_results, d.attempts):
        place = np.arange(done + 1, done + len(part) + 1, dtype=np.int64)
        entities.append(frame.table(_RESPONSE, len(part), _response_columns(d, part, place)))
        done += len(part)
    if not entities:
        return frame.table(_RESPONSE, 0, {f"{_RESPONSE}_id": np.empty(0, dtype=np.int64)})
    return pa.concat_tables(entities)


def _response_keymap(d: Drawn) -> pa.Table:
    """The keymap of answers, in the same chunks."""
    asked = d.quizzes.asked[d.quiz_results.quiz[d.attempts.of]].astype(np.int64)
    ids.check_rows(_RESPONSE, int(asked.sum()))
    # Canvas ids rise with creation: attempts in the order in which they were finished, answers within them.
    order = np.argsort(d.attempts.finished_ms, kind="stable")
    first = np.empty(len(asked), dtype=np.int64)
    first[order] = np.cumsum(asked[order]) - asked[order]
    keymaps, done = [], 0
    for start in range(0, len(asked), CHUNK):
        counts = asked[start : start + CHUNK]
        row = np.repeat(first[start : start + CHUNK], counts) + ordinals(counts)
        place = np.arange(done + 1, done + len(row) + 1, dtype=np.int64)
        keymaps.append(ids.canvas_keymap(_RESPONSE, place, ids.rising_ids(d.seed, _RESPONSE, row, d.place)))
        done += len(row)
    if not keymaps:
        empty = np.empty(0, dtype=np.int64)
        return ids.canvas_keymap(_RESPONSE, empty, empty)
    return pa.concat_tables(keymaps)


def _response_columns(d: Drawn, part: Responses, place: I64) -> dict[str, object]:
    a = d.attempts
    graded = part.points_hundredths != NO_TIME
    return {
        "quiz_item_response_id": place,
        "quiz_result_id": a.of[part.attempt] + 1,
        "quiz_item_id": part.item + 1,
        "attempt": a.number[part.attempt],
        "answer": _answers(d, part.item, part.is_right, part.chance),
        "is_correct": Maybe(part.is_right, graded),
        "points": part.points_hundredths,
        "created_date": a.finished_ms[part.attempt],
    }
