"""One boundary: what the file system, Arrow, DuckDB, pydantic and codecs raise, as errors of ours.

Where a module knows better what a failure means, it says so itself; what nobody has foreseen ends here, in
one line with the right exit code. A fault of our own is none of these, and keeps its traceback.
"""

from __future__ import annotations

import errno
import zlib

from context.errors import InputError, RunError, TermtideError

# Of a path that no disk could hold, whoever typed it can mend it.
_BAD_PATH = (errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.EEXIST)
# By the package that an exception's class comes from, so that none is imported for this.
_GIVEN = ("pydantic_core", "pydantic", "sqlglot", "tomllib", "json", "orjson", "csv", "_csv")
_FAILED = ("pyarrow", "duckdb", "_duckdb", "google", "grpc", "requests", "urllib3")
_MOST_LETTERS = 300


def ours(error: BaseException) -> TermtideError | None:
    """The error as one of ours; None for what comes from nobody else."""
    if isinstance(error, TermtideError):
        return error
    if isinstance(error, RecursionError):
        return InputError("what was given is nested too deeply to be read")
    if isinstance(error, MemoryError):
        return RunError("more memory is needed than there is")
    roots = {kind.__module__.partition(".")[0] for kind in type(error).__mro__}
    if roots & set(_FAILED):  # before what follows: some of Arrow's are an OSError or ValueError too
        return RunError(_line(error))
    if isinstance(error, OSError):
        where = error.filename if error.filename is not None else "input or output"
        line = f"{where}: {error.strerror or _line(error)}"
        return InputError(line) if error.errno in _BAD_PATH else RunError(line)
    if isinstance(error, UnicodeError):
        return InputError(f"not readable as text: {_line(error)}")
    if roots & set(_GIVEN):
        return InputError(_line(error))
    if isinstance(error, EOFError | zlib.error):
        return RunError(f"a file is cut short or damaged: {_line(error)}")
    return None


def _line(error: BaseException) -> str:
    """The first line that says something."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:_MOST_LETTERS]
