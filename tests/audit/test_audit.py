"""``termtide audit``: figures of logs, the band of real courses, and what is said of a run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from context.arrays import DAY_MS, MINUTE_MS
from context.errors import InputError
from sim.audit.audit import audited, real_courses
from sim.audit.course_log import (
    FIGURES,
    CourseLog,
    figures_of,
    gini,
    hour_shares,
    total_variation,
    weekday_shares,
)
from sim.audit.run_logs import course_logs
from sim.cli.main import main
from tests.samples.tiny import default_pack, finished_run

MONDAY = 4 * DAY_MS  # 5 January 1970


def log_of(*clicks: tuple[int, float, int]) -> CourseLog:
    """Clicks as (person, minutes since a Monday's midnight, tool)."""
    person, minute, tool = (np.array(column) for column in zip(*clicks, strict=True))
    return CourseLog.of(person, MONDAY + (minute * MINUTE_MS).astype(np.int64), tool)


DAY = 24 * 60
LOG = log_of(
    (7, 600, 0), (7, 605, 1), (7, 605.5, 1), (7, 640, 0),  # a visit of three, and one of a single click
    (7, 3 * DAY + 600, 0), (9, 600, 2),
)  # fmt: skip


def test_figures_by_hand() -> None:
    """Visits, active days and gaps are those that one counts by hand."""
    assert (LOG.days, LOG.visit_sizes.tolist(), LOG.visit_minutes.tolist()) == (4, [3, 1, 1, 1], [5, 0, 0, 0])
    assert LOG.gaps.tolist() == [300, 0]
    found = figures_of(LOG)
    assert found["active days, share of the course's days"] == 3 / (2 * 4)
    assert found["clicks per active day, mean"] == 2
    assert found["visits per active day, mean"] == pytest.approx(4 / 3)
    assert found["visits of one click, share"] == 0.75
    assert found["days between active days, 9th decile"] == 3
    assert found["same tool again, share"] == 0.5
    assert weekday_shares(LOG).tolist() == [5 / 6, 0, 0, 1 / 6, 0, 0, 0]
    assert hour_shares(LOG)[10] == 1


def test_order_of_rows_is_nobodys_matter() -> None:
    """The same clicks in another order give the same figures."""
    draw = np.random.default_rng(5)
    person, minute, tool = draw.integers(0, 9, 900), draw.integers(0, 60 * DAY, 900), draw.integers(0, 4, 900)
    order = draw.permutation(900)
    one = CourseLog.of(person, minute * MINUTE_MS, tool)
    other = CourseLog.of(person[order], minute[order] * MINUTE_MS, tool[order])
    assert figures_of(one) == figures_of(other)


def test_told_by_the_tool_before() -> None:
    """A tool that always follows another is told by it whole; of independent ones nothing is."""
    steps = np.arange(3000)
    turns = CourseLog.of(steps * 0, steps * MINUTE_MS, steps % 3)
    chance = CourseLog.of(steps * 0, steps * MINUTE_MS, np.random.default_rng(1).integers(0, 3, 3000))
    told = "told by the tool before, share"
    assert figures_of(turns)[told] == pytest.approx(1, abs=1e-9)
    assert figures_of(chance)[told] < 0.01
    assert figures_of(turns)["ten most common runs of three tools, share"] == 1


def test_spreads() -> None:
    """Gini's coefficient is 0 for equal counts, (n - 1) / n where one has all; a curve is 0 from itself."""
    assert gini(np.array([3, 3, 3])) == 0
    assert gini(np.array([0, 0, 0, 8])) == 0.75
    assert total_variation(np.array([1.0, 0]), np.array([0, 1.0])) == 1


def test_real_courses_lie_in_their_own_band() -> None:
    """The pack has each figure of two real courses, each at an end of its band."""
    real = real_courses(default_pack())
    assert len(real) == 2
    for name in FIGURES:
        low, high = sorted(course[name] for course in real.values())
        assert 0 <= low < high or name.startswith("seconds between clicks, 9th"), name


def test_a_machine_is_seen() -> None:
    """Somebody who clicks every hour of every day lies outside of the band, in days, weeks and hours."""
    steps = np.arange(24 * 60)
    even = CourseLog.of(
        np.repeat(np.arange(20), len(steps)), np.tile(steps, 20) * 60 * MINUTE_MS, np.tile(steps % 5, 20)
    )
    found = {one.figure: one for one in audited([even], default_pack())}
    for name in ("active days, share of the course's days", "evenness over weeks, Gini of a student"):
        assert not found[name].inside
        assert found[name].courses_inside == 0


def test_a_pack_without_a_figure_is_refused() -> None:
    """A course that lacks a figure is told, with pack and file."""
    pack = default_pack()
    table = pack.tables["real_course"]
    short = replace(table, columns={name: values[1:] for name, values in table.columns.items()})
    with pytest.raises(InputError, match=r"real_course\.csv: finland_2019: no row for"):
        real_courses(replace(pack, tables={**pack.tables, "real_course": short}))


def test_a_run_is_audited(capsys: pytest.CaptureFixture[str]) -> None:
    """The command prints each figure with its band, as JSON too, and ends with 1 where one lies outside."""
    run = finished_run()
    logs = list(course_logs(run, default_pack(), 5, 3))
    assert logs
    with pytest.raises(SystemExit) as stopped:
        main(["audit", "--run", str(run), "--courses", "5", "--students", "3", "--json"])
    found = json.loads(capsys.readouterr().out)["figures"]
    assert [one["figure"] for one in found][: len(FIGURES)] == [*FIGURES]
    assert stopped.value.code == (0 if all(one["inside"] for one in found) else 1)
    assert {one["figure"]: one["run"] for one in found} == {
        one.figure: one.run for one in audited(logs, default_pack())
    }


def test_a_run_is_named_in_either_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``audit RUN`` is ``audit --run RUN``; both together are bad input."""
    said = []
    for words in ([str(tmp_path)], ["--run", str(tmp_path)], [str(tmp_path), "--run", str(tmp_path)]):
        with pytest.raises(SystemExit) as stopped:
            main(["audit", *words])
        assert stopped.value.code == 2
        said.append(capsys.readouterr().err)
    assert said[0] == said[1]
    assert "both given" in said[2]


def test_no_run_is_an_error_of_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder without a run is bad input."""
    with pytest.raises(SystemExit) as stopped:
        main(["audit", "--run", str(tmp_path)])
    assert stopped.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
