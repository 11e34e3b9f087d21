"""Commands in this process: what they print and how they leave, without the second that a process takes.

What a process alone has (signals, pipes, exit codes of the interpreter) is told by a few real ones.
"""

from __future__ import annotations

from contextlib import redirect_stderr, redirect_stdout
from io import BytesIO, TextIOWrapper
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from sim.cli.main import main

# A term of three weeks, for a scenario's file: what a command does with a run shows on few days.
BRIEF_TERM = """
[calendar]
start = 2026-09-21
instruction_end = 2026-10-09
finals_start = 2026-10-12
end = 2026-10-13
"""


class _Caught(TextIOWrapper):
    """A stream that is no terminal, with the bytes below it."""

    def __init__(self) -> None:
        super().__init__(BytesIO(), encoding="utf-8", write_through=True)

    def text(self) -> str:
        """All that was written."""
        self.flush()
        return self.buffer.getvalue().decode()  # type: ignore[attr-defined]


def termtide(*arguments: str, cwd: Path, **variables: str | None) -> CompletedProcess[str]:
    """Run the command line as in a folder and with these variables; those that are None are not set.

    Without another word one process does the work: a second one takes longer to start than a small campus.
    """
    out, errors, code = _Caught(), _Caught(), 0
    with pytest.MonkeyPatch.context() as patched, redirect_stdout(out), redirect_stderr(errors):
        patched.chdir(cwd)
        for name, value in {"TERMTIDE_WORKERS": "1", **variables}.items():
            if value is None:
                patched.delenv(name, raising=False)
            else:
                patched.setenv(name, value)
        try:
            main(list(arguments))
        except SystemExit as left:
            code = int(left.code or 0)
    return CompletedProcess(list(arguments), code, out.text(), errors.text())
