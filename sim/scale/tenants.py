"""Several universities at once: what each is called, and that they share nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from context.documents import read_toml
from context.errors import DamagedError, InputError
from context.files import seal_of, typed_path
from context.scenario.scenario import Scenario
from context.terms.premises import premises_of_file
from sim.backfill.pool import in_processes
from sim.folder.progress import Progress
from sim.scale.job import JOB
from sim.scale.places.open import open_storage
from sim.scale.places.storage import Storage, missing
from sim.scale.prepare import prepare_work

TENANTS = "tenants.json"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_PREFIX = re.compile(r"[A-Za-z0-9_]{1,200}")
_FORM = 'tables [[tenant]] of name, scenario and prefix, such as name = "north", scenario = "north.toml"'


class NamedTenant(BaseModel):
    """A university of several; its folder in work and output has its name."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    prefix: str  # of its datasets in BigQuery


class Tenants(BaseModel):
    """``tenants.json``: all universities of the work, written once all of them are prepared."""

    model_config = ConfigDict(extra="forbid")
    label: Literal["synthetic"] = "synthetic"
    format: Literal[1] = 1
    tenants: list[NamedTenant]
    seal: str = ""

    def sealed(self) -> bytes:
        """As the bytes of its file, with its seal."""
        self.seal = seal_of(json.loads(self.model_dump_json()))
        return (self.model_dump_json(indent=1) + "\n").encode()


@dataclass(frozen=True)
class GivenTenant:
    """A tenant as its file has it."""

    tenant: NamedTenant
    scenario_file: Path


@dataclass(frozen=True)
class PreparedTenant:
    """A tenant whose work is there."""

    name: str
    job: str
    units: int
    events: int  # planned


def read_tenants(path: Path) -> list[GivenTenant]:
    """The tenants of a TOML file, whose scenarios are relative to it.

    Raises InputError where it is no such file, and for two that share a name, prefix, seed, shard or host.
    """
    entries = read_toml(path).get("tenant")
    if not isinstance(entries, list) or not entries:
        raise InputError(f"{path}: allowed: {_FORM}")
    given = [_read(path, number, entry) for number, entry in enumerate(entries, 1)]
    scenarios = [premises_of_file(tenant.scenario_file, {}).scenario for tenant in given]
    for what, values in _apart(given, scenarios):
        for place, value in enumerate(values):
            if value in values[:place]:
                first = given[values.index(value)].tenant.name
                raise InputError(
                    f"{path}: tenants {first} and {given[place].tenant.name} have one {what} ({value}), "
                    "allowed: one of its own for each"
                )
    return given


def _read(path: Path, number: int, entry: Any) -> GivenTenant:
    where = f"{path}: tenant {number}"
    if not isinstance(entry, dict) or set(entry) - {"name", "scenario", "prefix"}:
        raise InputError(f"{where}: allowed: {_FORM}")
    name, file = entry.get("name"), entry.get("scenario")
    prefix = entry.get("prefix", f"{name}_".replace("-", "_"))
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InputError(
            f"{where}: name {name!r} given, allowed: small letters, digits and hyphens, 60 at most"
        )
    if not isinstance(file, str) or not file:
        raise InputError(f"{where}: scenario {file!r} given, allowed: the path of a scenario file")
    if not isinstance(prefix, str) or not _PREFIX.fullmatch(prefix):
        raise InputError(f"{where}: prefix {prefix!r} given, allowed: letters, digits and _")
    return GivenTenant(NamedTenant(name=name, prefix=prefix), path.parent / typed_path(file))


def _apart(given: list[GivenTenant], scenarios: list[Scenario]) -> Iterator[tuple[str, list[Any]]]:
    """What no two tenants may share."""
    yield "name", [tenant.tenant.name for tenant in given]
    yield "prefix", [tenant.tenant.prefix for tenant in given]
    yield "seed", [scenario.seed for scenario in scenarios]
    yield "shard", [scenario.shard for scenario in scenarios]
    yield "host", [scenario.host for scenario in scenarios]


def prepare_tenants(given: Sequence[GivenTenant], work: str, workers: int) -> list[PreparedTenant]:
    """Make the work of all tenants, several at a time, and note their names. Raises InputError, RunError."""
    place = open_storage(work)
    if place.find(JOB) is not None:
        raise InputError(f"{work}: holds the work of one scenario; choose another --work")
    noted = Tenants(tenants=[tenant.tenant for tenant in given]).sealed()
    if (place.read(TENANTS) or noted) != noted:
        raise InputError(f"{work}: holds the work of other tenants; choose another --work")
    made = {done.name: done for done in in_processes(partial(_preparer, work), list(given), workers)}
    place.put_bytes(noted, TENANTS)
    place.clear()
    return [made[tenant.tenant.name] for tenant in given]


def _preparer(work: str) -> Callable[[GivenTenant], PreparedTenant]:
    """What prepares tenants in a process."""
    return partial(_prepare, work)


def _prepare(work: str, given: GivenTenant) -> PreparedTenant:
    premises = premises_of_file(given.scenario_file, {})
    name = given.tenant.name
    job = prepare_work(premises, open_storage(work).below(name), Progress.silent())
    return PreparedTenant(name, job.seal, len(job.units), sum(unit.events for unit in job.units.values()))


def tenants_of(work: Storage) -> list[NamedTenant]:
    """The tenants of prepared work; one without a name where there is a single scenario.

    Raises InputError where nothing is prepared, DamagedError for a note that was changed.
    """
    data = work.read(TENANTS)
    if data is None:
        if work.find(JOB) is None:
            raise missing(work, JOB)
        return [NamedTenant(name="", prefix="")]
    try:
        facts = json.loads(data)
        noted = Tenants.model_validate_json(data)
    except (ValidationError, ValueError):
        noted, facts = None, {}
    if noted is None or noted.seal != seal_of(facts):
        raise DamagedError(
            f"{work.url}/{TENANTS}: is not the file that was written; `termtide scale prepare` makes it again"
        )
    return noted.tenants
