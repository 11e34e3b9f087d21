"""Every scheme of every URL, and the sink it stands for: the one list of them. No sink imports this.

A sink that is added is a line in ``SCHEMES``; commands, their help and their errors read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Literal

from context.errors import InputError

if TYPE_CHECKING:  # the command line reads the list at its start, and needs no sink for that
    from sim.sinks.bigquery.drop import Dropper
    from sim.sinks.messages import StreamOptions, StreamSink
    from sim.sinks.tables import TableOptions, TableSink
    from sim.sinks.units import Sink, UnitOptions

Protocol = Literal["units", "tables", "messages"]


@dataclass(frozen=True)
class Scheme:
    """What stands before a URL's colon."""

    name: str
    protocol: Protocol
    form: str  # of the URL, for people; "" for what only a program opens
    sink: str  # module:class, called with what stands behind the colon and the protocol's options
    has_stdout: bool = False  # ``-`` behind the colon
    has_compression: bool = False  # ``?compression=`` behind the target
    dropper: str = ""  # module:class of what removes a run from there
    flags: tuple[str, ...] = ()  # of commands, that are for this sink and no other


SCHEMES = (
    Scheme("parquet", "units", "parquet:DIR", "sim.sinks.parquet:ParquetSink"),
    Scheme(
        "ndjson", "units", "ndjson:DIR", "sim.sinks.ndjson:NdjsonSink",
        has_stdout=True, has_compression=True,
    ),
    Scheme("memory", "units", "", "sim.sinks.memory:MemorySink"),
    Scheme("duckdb", "tables", "duckdb:FILE", "sim.sinks.duckdb:DuckdbSink"),
    Scheme(
        "bigquery", "tables", "bigquery://PROJECT", "sim.sinks.bigquery.sink:BigquerySink",
        dropper="sim.sinks.bigquery.drop:Dropper", flags=("--method", "--allow-unlabelled"),
    ),
    Scheme("memory", "tables", "", "sim.sinks.memory:MemoryTables"),
    Scheme(
        "pubsub", "messages", "pubsub://PROJECT/TOPIC", "sim.sinks.pubsub:PubsubSink",
        flags=(
            "--create", "--allow-unlabelled", "--ordering-key",
            "--ack-deadline", "--retention", "--dead-letter",
        ),
    ),
    Scheme(
        "ndjson", "messages", "ndjson:FILE, or ndjson:- for stdout", "sim.sinks.ndjson_messages:NdjsonStream",
        has_stdout=True,
    ),
    Scheme("memory", "messages", "", "sim.sinks.memory:MemoryMessages"),
)  # fmt: skip


def schemes(*protocols: Protocol) -> Iterator[Scheme]:
    """The schemes of protocols, in their order."""
    return (scheme for scheme in SCHEMES if scheme.protocol in protocols)


def forms(*protocols: Protocol) -> list[str]:
    """How URLs look that commands take for protocols."""
    return [scheme.form for scheme in schemes(*protocols) if scheme.form]


def either(names: Iterable[str]) -> str:
    """``a, b or c``."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last


def open_sink(url: str, options: UnitOptions | None = None) -> Sink:
    """The sink of a URL. Raises InputError for an unknown scheme or a target that is missing."""
    from sim.sinks.units import UnitOptions

    names = [scheme.name for scheme in schemes("units")]
    scheme = find_scheme(url, "units")
    target = url.partition(":")[2]
    if scheme is None:
        allowed = ", ".join(f"{name}:" for name in names)
        raise InputError(f"sink {url!r} given, allowed: {allowed}{meant(url, names)}")
    if scheme.form and not target:
        raise InputError(f"sink {url!r} given, allowed: {scheme.name}: and a folder")
    sink: Sink = resolve_name(scheme.sink)(target, options or UnitOptions())
    return sink


def open_table_sink(url: str, options: TableOptions) -> TableSink:
    """The sink of a URL; it looks at nothing yet. Raises InputError for an unknown scheme or wrong target."""
    from sim.sinks.tables import METHODS

    scheme = find_scheme(url, "tables")
    if scheme is None:
        hint = meant(url, (scheme.name for scheme in schemes("tables")))
        raise InputError(f"sink {url!r} given, allowed: {either(forms('tables'))}{hint}")
    if options.method not in METHODS:
        raise InputError(f"--method: {options.method!r} given, allowed: {', '.join(METHODS)}")
    sink: TableSink = resolve_name(scheme.sink)(url.partition(":")[2], options)
    return sink


def open_stream_sink(url: str, options: StreamOptions) -> StreamSink:
    """The sink of a URL, not yet opened. Raises InputError for an unknown scheme or a wrong target."""
    scheme = find_scheme(url, "messages")
    if scheme is None:
        raise _no_stream(url)
    sink: StreamSink = resolve_name(scheme.sink)(url.partition(":")[2], options)
    return sink


def _no_stream(url: str) -> InputError:
    names = (scheme.name for scheme in schemes("messages") if scheme.form)
    return InputError(f"--to {url}: allowed: {', '.join(forms('messages'))}{meant(url, names)}")


def check_stream(url: str, options: StreamOptions) -> None:
    """Raise InputError for a URL that ``termtide stream`` does not take; it looks at nothing yet."""
    if not is_offered(url, "messages"):
        raise _no_stream(url)
    flags = {
        "--create": options.create,
        "--allow-unlabelled": options.allow_unlabelled,
        "--ordering-key": options.ordering_key,
        "--ack-deadline": options.ack_deadline_s,
        "--retention": options.retention_s,
        "--dead-letter": options.dead_letter,
    }
    check_flags([url], flags, "messages")
    open_stream_sink(url, options)


def open_dropper(url: str, run: str) -> Dropper:
    """What removes a run from where a URL points. Raises InputError where nothing can."""
    found = next((scheme for scheme in SCHEMES if scheme.dropper and url.startswith(f"{scheme.name}:")), None)
    if found is None:
        raise InputError(
            f"{url!r} given, allowed: {either(droppable())}; what is a file or folder, delete it"
        )
    dropper: Dropper = resolve_name(found.dropper)(url.partition(":")[2], run)
    return dropper


def droppable() -> list[str]:
    """How URLs look that a run can be removed from."""
    return [scheme.form for scheme in SCHEMES if scheme.dropper]


def check_address(url: str, options: TableOptions) -> None:
    """Raise InputError for a --to of a delivery that can't be right, before anything is made for it."""
    if offered(url, "units", "tables").protocol == "tables":
        open_table_sink(url, options).close()
    else:
        open_sink(url).close()


def check_flags(urls: Iterable[str], given: Mapping[str, object], *protocols: Protocol) -> None:
    """Raise InputError for a flag that no URL's sink has a use for. ``given``: true where it was."""
    there = [found for url in urls if (found := find_scheme(url, *protocols)) is not None]
    for flag, value in given.items():
        if value and not any(flag in scheme.flags for scheme in there):
            takers = [scheme.form for scheme in schemes(*protocols) if flag in scheme.flags]
            raise InputError(f"{flag}: given, but only --to {either(takers)} has a use for it")


def is_stdout(url: str, *protocols: Protocol) -> bool:
    """Whether a URL leads to standard output."""
    found = find_scheme(url, *protocols)
    return found is not None and found.has_stdout and url == f"{found.name}:-"


def find_scheme(url: str, *protocols: Protocol) -> Scheme | None:
    """What a URL begins with; None when no sink of these protocols has that."""
    name, colon, _ = url.partition(":")
    return next((scheme for scheme in schemes(*protocols) if colon and scheme.name == name), None)


def offered(url: str, *protocols: Protocol) -> Scheme:
    """The scheme of a command's --to. Raises InputError for one that commands don't take for protocols."""
    found = find_scheme(url, *protocols)
    if found is None or not found.form:
        raise not_offered(url, forms(*protocols))
    return found


def is_offered(url: str, *protocols: Protocol) -> bool:
    """Whether a command takes a URL for protocols."""
    found = find_scheme(url, *protocols)
    return found is not None and bool(found.form)


def not_offered(url: str, allowed: Iterable[str]) -> InputError:
    """The error for a --to that is none of the forms ``allowed``."""
    allowed = list(allowed)
    known = [form.partition(":")[0] for form in allowed]
    hint = "" if url.partition(":")[0] in known else meant(url, known)
    return InputError(f"--to {url!r} given, allowed: {either(allowed)}{hint}")


def meant(url: str, known: Iterable[str]) -> str:
    """The end of an error's line: ``; did you mean parquet:?``, or nothing where no scheme is near."""
    near = get_close_matches(url.partition(":")[0], list(known), n=1)
    return f"; did you mean {near[0]}:?" if near else ""
