"""``make gates``: what is too long for every change. Prints a line a stage; exit code 1 if one failed.

``python -m tests.run_gates NAME ...`` runs the stages whose names begin so.

* ``marked``: tests with the mark ``gates``;
* ``kills``: every test of SIGKILL in rounds, each with moments of its own;
* ``seed-1`` to ``seed-20``: every statistical test on a campus of 5,000 FTE and another seed, but for what
  hangs on none;
* ``size``: the same on a campus of 20,000 FTE.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import monotonic

KILLS = (
    "tests/backfill/test_exactly_once.py",
    "tests/backfill/test_bigquery_kill.py",
    "tests/stream/test_pubsub_kill.py",
)
STATISTICS = (
    "tests/store/test_gates.py",
    "tests/store/test_gates_work.py",
    "tests/store/test_gates_years.py",
    "tests/store/test_course_design.py",
    "tests/store/test_gates_people.py",
    "tests/store/test_gates_teaching.py",
    "tests/store/test_gates_histories.py",
    "tests/store/test_gates_letters.py",
    "tests/store/test_gates_clocks.py",
    "tests/store/test_gates_texts.py",
    "tests/events/test_totals.py",
    "tests/events/test_pulls.py",
    "tests/events/test_behaviour.py",
    "tests/events/test_adoption.py",
    "tests/events/test_histories_weeks.py",
)
ROUNDS, SEEDS, SEED_FTE, FTE = 4, 20, 5_000, 20_000
# What shows that a test can fail, or that SQL gives an event its tool back, hangs on no seed.
SEEDLESS = "a_tenth_more_is_red or events_give_their_tool_back"


@dataclass(frozen=True)
class Stage:
    """One call of pytest."""

    name: str
    arguments: tuple[str, ...]
    variables: dict[str, str] = field(default_factory=dict)


def stages() -> Iterator[Stage]:
    """All of them, in their order."""
    yield Stage("marked", ("-m", "gates", "-n", "2", "--dist", "worksteal"))
    yield Stage("kills", ("-n", "3", "--dist", "worksteal", *KILLS), {"GATES_ROUNDS": str(ROUNDS)})
    for seed in range(1, SEEDS + 1):
        yield Stage(
            f"seed-{seed}",
            ("-m", "not gates", "-k", f"not ({SEEDLESS})", "-n", "2", "--dist", "loadfile", *STATISTICS),
            {"GATES_SEED": str(seed), "GATES_FTE": str(SEED_FTE)},
        )
    yield Stage("size", ("-m", "not gates", *STATISTICS), {"GATES_FTE": str(FTE)})


def main(wanted: list[str]) -> int:
    """Run the stages that are wanted, all if none is named."""
    failed = []
    for stage in stages():
        if wanted and not any(stage.name.startswith(name) for name in wanted):
            continue
        begin = monotonic()
        call = [sys.executable, "-m", "pytest", "-q", *stage.arguments]
        code = subprocess.call(call, env={**os.environ, **stage.variables})
        verdict = "passed" if code == 0 else f"FAILED (pytest's exit code {code})"
        _say(f"{stage.name}: {verdict} in {monotonic() - begin:.0f} s")
        failed += [stage.name] if code else []
    _say(f"{', '.join(failed)} failed" if failed else "all passed")
    return 1 if failed else 0


def _say(line: str) -> None:
    sys.stdout.write(f"gates: {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
