"""What the Cloud Run job does round a stream: a new container goes on where the last one was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.samples.live_tiny import documents_of, event_id, live_run

_ROOT = Path(__file__).resolve().parents[2]
_JOB = _ROOT / "deploy" / "image" / "stream_job.py"
_BEGIN, _END = "2026-10-12T08:00", "2026-10-12T20:00"


def start(
    folder: Path, state: str, *options: str, speed: str = "max", name: str = "one"
) -> subprocess.Popen[str]:
    """The job with the folder's ``keep``, in a container with a state of its own."""
    (folder / "keep").mkdir(exist_ok=True)
    job = ["--keep", str(folder / "keep"), "--state", str(folder / state), "--every", "0.3", "--name", name]
    sink = ["--to", f"ndjson:{folder / 'out.ndjson'}", "--run", str(live_run())]
    span = ["--from", _BEGIN, "--until", _END, "--speed", speed]
    return subprocess.Popen(
        [sys.executable, str(_JOB), *job, *options, "--", *sink, *span],
        cwd=_ROOT,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait for it as long as the process runs."""
    end = time.monotonic() + 120
    while not condition():
        assert process.poll() is None, process.stdout.read() if process.stdout else ""
        assert time.monotonic() < end
        time.sleep(0.02)


def acked(folder: Path) -> bool:
    """Whether the journal that is kept tells of events."""
    kept = folder / "keep" / "checkpoint.jsonl"
    return kept.is_file() and b'"ack":[[' in kept.read_bytes()


def whole(folder: Path) -> list[str]:
    """The ids of the events that a stream of the span has, from one that nothing disturbs."""
    alone = folder / "alone"
    alone.mkdir()
    process = start(alone, "state")
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said
    return sorted(map(event_id, documents_of(alone / "out.ndjson")))


def test_a_new_container_goes_on(tmp_path: Path) -> None:
    """Killed with its container, a stream goes on from what was kept, and no event is lost."""
    first = start(tmp_path, "state-1", speed="3600")
    wait_until(lambda: acked(tmp_path), first)
    children = Path(f"/proc/{first.pid}/task/{first.pid}/children").read_text(encoding="utf-8").split()
    for pid in (first.pid, *map(int, children)):
        os.kill(pid, signal.SIGKILL)
    first.communicate(timeout=30)

    second = start(tmp_path, "state-2")
    said, _ = second.communicate(timeout=300)
    assert second.returncode == 0, said
    ids = sorted(map(event_id, documents_of(tmp_path / "out.ndjson")))
    assert ids == whole(tmp_path)
    assert not (tmp_path / "keep" / "holder.json").exists()


def test_sigterm_leaves_all_that_was_sent(tmp_path: Path) -> None:
    """Told to stop, the job ends with 0, and what it keeps is the stream's own journal to the end."""
    job = start(tmp_path, "state", speed="3600")
    wait_until(lambda: acked(tmp_path), job)
    job.send_signal(signal.SIGTERM)
    said, _ = job.communicate(timeout=120)
    assert job.returncode == 0, said
    assert "the same command goes on" in said
    kept = (tmp_path / "keep" / "checkpoint.jsonl").read_bytes()
    assert kept == (tmp_path / "state" / "checkpoint.jsonl").read_bytes()
    assert json.loads(kept)["acked"] == len(documents_of(tmp_path / "out.ndjson"))


def test_one_container_at_a_time(tmp_path: Path) -> None:
    """While another container renews its claim the job leaves at once; an old claim holds nobody."""
    keep = tmp_path / "keep"
    keep.mkdir()
    claim = {"name": "other", "renewed": time.time() + 60}
    (keep / "holder.json").write_text(json.dumps(claim), encoding="utf-8")
    job = start(tmp_path, "state")
    said, _ = job.communicate(timeout=60)
    assert (job.returncode, said) == (0, "other streams already: nothing to do\n")
    assert not (tmp_path / "out.ndjson").exists()

    claim["renewed"] = time.time() - 60
    (keep / "holder.json").write_text(json.dumps(claim), encoding="utf-8")
    job = start(tmp_path, "state", "--every", "0.3")
    said, _ = job.communicate(timeout=300)
    assert job.returncode == 0, said
    assert documents_of(tmp_path / "out.ndjson")


def test_a_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    """Without its bucket the job ends with 2 and one line: a state in the container would be lost."""
    done = subprocess.run(
        [sys.executable, str(_JOB), "--keep", str(tmp_path / "none"), "--", "--to", "ndjson:x"],
        capture_output=True,
        text=True,
        check=False,
    )
    line = f"--keep {tmp_path / 'none'}: not a folder; mount the bucket there\n"
    assert (done.returncode, done.stderr) == (2, line)
