"""What ``make bench`` holds beside our own figures: the machine's limits, and peers anybody can install."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from tests.samples.bench_row import Row, timed

TPCH_SCALE = "0.2"
PEOPLE = 10_000
STATEMENTS = 10_000
FIELDS = (
    "person.first_name",
    "person.last_name",
    "person.gender",
    "person.birthdate",
    "person.email",
    "person.phone_number",
    "person.nationality",
    "person.username",
    "address.address",
    "address.city",
    "address.state",
    "address.postal_code",
)
_COPIED = 256 << 20  # bytes, more than any cache holds


def limits(lines: bytes, events: int, folder: Path) -> list[Row]:
    """How fast this machine copies, digests, packs and writes the bytes of ``events`` documents."""
    source = np.frombuffer((lines * (_COPIED // len(lines) + 1))[:_COPIED], np.uint8)
    many = int(events * _COPIED / len(lines))
    target = np.empty_like(source)
    path = folder / "limit.bin"

    def write() -> None:
        with path.open("wb") as file:
            file.write(memoryview(source))

    rows = [
        ("copy in memory", many, timed(lambda: np.copyto(target, source))[1]),
        ("XXH3-128", many, timed(lambda: xxhash.xxh3_128(source).digest())[1]),
        ("zstd, level 1", events, timed(lambda: pa.Codec("zstd", 1).compress(lines))[1]),
        ("write to a file", many, timed(write)[1]),
    ]
    path.unlink()
    return [Row(f"limit: {name}", count, "events", max(seconds, 1e-6)) for name, count, seconds in rows]


def peers(folder: Path) -> list[Row]:
    """What public generators do here, each the way its documentation shows; without those not installed."""
    made: dict[str, Callable[[], Row]] = {
        "tpchgen-cli": lambda: _tpch(folder, _program()),
        "mimesis": _people,
        "faker": _statements,
    }
    rows = []
    for name, make in made.items():
        try:
            metadata.version(name)
            rows.append(make())
        except (metadata.PackageNotFoundError, FileNotFoundError):
            continue  # what was measured before is worth more than the peer
    return rows


def _program() -> str:
    """The generator's program. Raises FileNotFoundError where only its package is."""
    beside = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    program = shutil.which("tpchgen-cli", path=beside)
    if program is None:
        raise FileNotFoundError("tpchgen-cli: no program beside the interpreter")
    return program


def _tpch(folder: Path, program: str) -> Row:
    """Rows of TPC-H into Parquet by the fastest public generator, in Rust, by one thread."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [program, "parquet", "-s", TPCH_SCALE, "-n", "1", "-o", str(folder / "tpch")],
        check=True,
        capture_output=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    many = sum(pq.read_metadata(path).num_rows for path in (folder / "tpch").rglob("*.parquet"))
    shutil.rmtree(folder / "tpch")
    return Row(f"peer: tpchgen-cli {metadata.version('tpchgen-cli')} to Parquet", many, "rows", seconds)


def _people() -> Row:
    """Rows of people by Mimesis: a field set, column by column."""
    from mimesis import Fieldset
    from mimesis.locales import Locale

    def make() -> pa.Table:
        fields = Fieldset(locale=Locale.EN, seed=1, i=PEOPLE)
        return pa.table({name: fields(name) for name in FIELDS})

    _, seconds = timed(make, 1)
    return Row(f"peer: Mimesis {metadata.version('mimesis')}, 12 columns of people", PEOPLE, "rows", seconds)


def _statements() -> Row:
    """Learning events an object at a time: an xAPI statement of Faker's values, by ``json.dumps``."""
    from faker import Faker

    fake = Faker()
    fake.seed_instance(1)

    def statement() -> str:
        return json.dumps(
            {
                "id": str(uuid.UUID(int=fake.random.getrandbits(128), version=4)),
                "actor": {"account": {"homePage": fake.url(), "name": fake.user_name()}, "name": fake.name()},
                "verb": {
                    "id": "http://adlnet.gov/expapi/verbs/experienced",
                    "display": {"en": "experienced"},
                },
                "object": {"id": fake.uri(), "definition": {"name": {"en": fake.sentence()}}},
                "context": {"registration": fake.uuid4(), "platform": fake.user_agent()},
                "timestamp": fake.iso8601(),
            }
        )

    _, seconds = timed(lambda: [statement() for _ in range(STATEMENTS)], 1)
    return Row(f"peer: xAPI statements by Faker {metadata.version('faker')}", STATEMENTS, "events", seconds)
