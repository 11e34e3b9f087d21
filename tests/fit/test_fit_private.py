"""Nothing of one person leaves a warehouse: values that only one has are in no file of the pack."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from shutil import copytree
from tempfile import mkdtemp

import duckdb

from context.packs.pack import load_pack
from sim.fit.fitted import Fitted
from tests.samples.fitted_tiny import fitted_from
from tests.samples.tiny import finished_run

WORDS = ("Xyzzy", "Narnia", "Warlock", "Plugh", "Zz", "Quidditch", "audio/plugh", "grade_by_owl", "1337133")
LARGE, FINE = 123_457_000, 3.137  # an income and a school GPA that nobody else has
PLANTED = {
    "person": """
        SELECT * REPLACE (
            CASE WHEN one THEN 'Xyzzy' ELSE sex END AS sex,
            CASE WHEN one THEN 'Narnia' ELSE us_residency END AS us_residency,
            CASE WHEN one THEN 'Zz' ELSE citizenship_one END AS citizenship_one,
            CASE WHEN one THEN 123457000 ELSE estimated_gross_family_income END
                AS estimated_gross_family_income,
            CASE WHEN one THEN 3.137 ELSE hs_gpa END AS hs_gpa,
            CASE WHEN one THEN 'Plugh' ELSE le_status END AS le_status)
        FROM (SELECT *, person_id = 7 AS one FROM t)""",
    "course_section_enrollment": """
        SELECT * REPLACE (CASE WHEN one THEN 'Warlock' ELSE role END AS role,
                          CASE WHEN one THEN 'Plugh' ELSE role_status END AS role_status)
        FROM (SELECT *, course_section_enrollment_id = 5 AS one FROM t)""",
    "person__academic_term": """
        SELECT * REPLACE (CASE WHEN person_id = 7 THEN 'Quidditch' ELSE athletic_participant_sport END
                          AS athletic_participant_sport) FROM t""",
    "file": """
        SELECT * REPLACE (CASE WHEN file_id = 3 THEN 'audio/plugh' ELSE content_type END
                          AS content_type) FROM t""",
    "learner_activity": """
        SELECT * REPLACE (CASE WHEN learner_activity_id = 3 THEN 'grade_by_owl' ELSE grade_type END
                          AS grade_type) FROM t""",
    "discussion_entry": """
        SELECT * REPLACE (CASE WHEN discussion_entry_id = 3 THEN 1337133 ELSE message_length END
                          AS message_length) FROM t""",
}


@cache
def planted() -> tuple[Path, Fitted]:
    """(folder of a pack, its fit): the small campus's store with values that one person alone has."""
    folder = Path(mkdtemp(prefix="termtide-planted-"))
    store = folder / "store" / "context_store_entity"
    copytree(finished_run() / "context_store_entity", store)
    with duckdb.connect() as connection:
        for table, query in PLANTED.items():
            file = store / f"{table}.parquet"
            connection.execute(f"CREATE OR REPLACE TABLE t AS SELECT * FROM read_parquet('{file}')")
            connection.execute(f"CREATE OR REPLACE TABLE p AS {query}")
            columns = ", ".join(f'"{row[0]}"' for row in connection.execute("DESCRIBE t").fetchall())
            connection.execute(f"COPY (SELECT {columns} FROM p) TO '{file}' (FORMAT parquet)")
    found = fitted_from(f"parquet:{folder}/store")
    found.draft.save(folder / "pack")
    return folder / "pack", found


def _texts() -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(planted()[0].iterdir())}


def test_what_one_person_has_is_nowhere() -> None:
    """Planted words and numbers of one person are in no file of the pack."""
    for name, text in _texts().items():
        for word in (*WORDS, str(LARGE), str(FINE), "123457", "1.23457"):
            assert word not in text or (word == "Zz" and name == "surname.csv"), (name, word)


def test_nobodys_name_or_number_is_in_what_was_fitted() -> None:
    """No name, login, title or number of anybody is in a table that was fitted, nor in its note."""
    with duckdb.connect() as connection:
        store = finished_run() / "context_store_entity"
        rows = connection.execute(f"SELECT name FROM '{store}/person.parquet'").fetchall()
        rows += connection.execute(f"SELECT email_address FROM '{store}/person_email.parquet'").fetchall()
        rows += connection.execute(f"SELECT title FROM '{store}/course_offering.parquet'").fetchall()
        rows += connection.execute(f"SELECT name FROM '{store}/academic_term.parquet'").fetchall()
    texts = _texts()
    fitted = (
        " ".join(texts[f"{name}.csv"] for name in ("categorical", "continuous", "score", "letter"))
        + texts["fit.json"]
    )
    assert len(rows) > 100
    assert [text for (text,) in rows if text and text in fitted] == []


def test_bounds_are_not_one_persons() -> None:
    """Minima and maxima of a fitted field are those beyond which as many people are as the threshold."""
    law = load_pack(planted()[0]).continuous("person", "estimated_gross_family_income")
    assert law.max < 1_000_000
    assert planted()[1].report.threshold == 10


def test_what_is_missing_stays_as_before() -> None:
    """Without events, rates and visits are the default's and say so."""
    pack, found = load_pack(planted()[0]), planted()[1]
    assert found.missing["rates"].startswith("no table named ")
    assert pack.table("rate_tool") == load_pack("us_public_r1").table("rate_tool")
    told = {block: source for block, source, _ in pack.sources()}
    assert told["rate_tool"].startswith("us_public_r1's values (no table named ")


def test_the_note_tells_what_was_held_back() -> None:
    """How much was held back is told by block, in numbers alone."""
    held = planted()[1].report.held_back
    assert held["categorical course_section_enrollment.role"]["values of few people"] >= 1
    assert all(isinstance(count, int) for counts in held.values() for count in counts.values())
