"""A stream: the journal in its state folder, and the file that it writes."""

from __future__ import annotations

from pathlib import Path

from context.errors import DamagedError, InputError, OtherFormatError, number_of
from context.files import typed_path
from sim.lanes.checkpoint import JOURNAL, held, is_torn, load_progress
from sim.lanes.stream_progress import StreamProgress
from sim.sinks.ndjson_messages import chain_of, size_of_mark
from sim.sinks.open import find_scheme, is_stdout
from sim.stream.control import SOCKET
from sim.verify.verdict import Finding, Verdict


def check_state(root: Path) -> Verdict:
    """Look at a stream that nobody plays: the seals of its journal, and its file as far as that goes.

    What was sent into a topic or to stdout is not there to be read again. What stands in the file behind the
    last acknowledged line, as a kill leaves it, is no finding while the stream goes on: it cuts that off.
    Raises InputError where a stream is at work.
    """
    verdict = Verdict(root, "stream", "unknown", files=1)
    with held(root):
        verdict.bytes = (root / JOURNAL).stat().st_size
        try:
            progress = load_progress(root)
        except OtherFormatError:
            raise
        except (DamagedError, InputError):
            verdict.changed_note(JOURNAL)
            progress = None
        if progress is not None:
            verdict.state = "done" if progress.done else "stopped"
            if is_torn(root):
                verdict.findings.append(Finding(JOURNAL, "differs", "its last line is torn"))
            _look_at_output(verdict, progress)
        verdict.strangers(root, {JOURNAL, SOCKET})
    return verdict


def _look_at_output(verdict: Verdict, progress: StreamProgress) -> None:
    url = str(progress.identity.get("to", ""))
    scheme = find_scheme(url, "messages")
    if scheme is None or scheme.name != "ndjson" or is_stdout(url, "messages"):
        return
    path, mark = typed_path(url.partition(":")[2]), progress.mark
    name = str(path)
    if not path.is_file():
        verdict.findings.append(Finding(name, "missing", "is missing, seen from this folder"))
        return
    wanted, size = size_of_mark(str(mark)), path.stat().st_size
    verdict.files += 1
    verdict.bytes += wanted
    if size < wanted or (progress.done and size > wanted):
        verdict.findings.append(
            Finding(name, "differs", f"{number_of(size, 'byte')}, {wanted:,} were written")
        )
    elif chain_of(path, str(mark), whole=True).mark != mark:
        verdict.findings.append(Finding(name, "differs", "other bytes than were written"))
