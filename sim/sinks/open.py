"""Every scheme of every URL, and the sink it stands for. No sink imports this."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches

from context.errors import InputError
from sim.sinks.messages import StreamOptions, StreamSink
from sim.sinks.tables import METHODS, TABLE_SCHEMES, TableOptions, TableSink
from sim.sinks.units import Sink, UnitOptions


def open_table_sink(url: str, options: TableOptions) -> TableSink:
    """The sink of a URL; it looks at nothing yet. Raises InputError for an unknown scheme or wrong target."""
    scheme, colon, target = url.partition(":")
    if not colon or scheme not in TABLE_SCHEMES:
        hint = meant(scheme, TABLE_SCHEMES)
        raise InputError(f"sink {url!r} given, allowed: bigquery://PROJECT or duckdb:FILE{hint}")
    if options.method not in METHODS:
        raise InputError(f"--method: {options.method!r} given, allowed: {', '.join(METHODS)}")
    if scheme == "bigquery":
        from sim.sinks.bigquery.sink import BigquerySink

        return BigquerySink(target, options)
    from sim.sinks.duckdb import DuckdbSink

    return DuckdbSink(target)


def _parquet(target: str, options: UnitOptions) -> Sink:
    from sim.sinks.parquet import ParquetSink

    return ParquetSink(target, options)


def _ndjson(target: str, _options: UnitOptions) -> Sink:
    from sim.sinks.ndjson import NdjsonSink

    folder, _, query = target.partition("?")
    key, _, compression = query.partition("=")
    if query and key != "compression":
        raise InputError(f"sink ndjson:{target}: {query} given, allowed: ?compression=none, gzip or zstd")
    return NdjsonSink(folder, compression or "none")


def _memory(target: str, _options: UnitOptions) -> Sink:
    from sim.sinks.memory import MemorySink

    if target:
        raise InputError(f"sink memory:{target}: nothing is allowed behind memory:")
    return MemorySink()


UNIT_SCHEMES: dict[str, Callable[[str, UnitOptions], Sink]] = {
    "parquet": _parquet, "ndjson": _ndjson, "memory": _memory
}  # fmt: skip


def open_sink(url: str, options: UnitOptions | None = None) -> Sink:
    """The sink of a URL. Raises InputError for an unknown scheme or a target that is missing."""
    scheme, colon, target = url.partition(":")
    if not colon or scheme not in UNIT_SCHEMES:
        allowed = ", ".join(f"{name}:" for name in UNIT_SCHEMES)
        raise InputError(f"sink {url!r} given, allowed: {allowed}{meant(scheme, UNIT_SCHEMES)}")
    if scheme != "memory" and not target:
        raise InputError(f"sink {url!r} given, allowed: {scheme}: and a folder")
    return UNIT_SCHEMES[scheme](target, options or UnitOptions())


def meant(scheme: str, known: Iterable[str]) -> str:
    """The end of an error's line: ``; did you mean parquet:?``, or nothing where no scheme is near."""
    near = get_close_matches(scheme, known, n=1)
    return f"; did you mean {near[0]}:?" if near else ""


def open_stream_sink(url: str, options: StreamOptions) -> StreamSink:
    """The sink of a URL, not yet opened. Raises InputError for an unknown scheme or a wrong target."""
    scheme, colon, target = url.partition(":")
    if not colon or scheme not in ("pubsub", "ndjson"):
        hint = meant(scheme, ("pubsub", "ndjson"))
        raise InputError(
            f"--to {url}: allowed: pubsub://PROJECT/TOPIC, ndjson:FILE, or ndjson:- for stdout{hint}"
        )
    if scheme == "pubsub":
        from sim.sinks.pubsub import PubsubSink

        return PubsubSink(target, options)
    from sim.sinks.ndjson_messages import NdjsonStream

    return NdjsonStream(target, options)
