"""Starts the BigQuery emulator ``local-bigquery`` with what its release lacks, in an environment of its own.

As published (0.4.0) it wants a DuckDB newer than any whose ``ducklake`` extension can be had as a package,
and sets the time zone before the extension that knows zones is there. So an older DuckDB is pinned
(``local_bigquery.lock``), the extension is taken from its package instead of a download, and the zone is set
after the connection is made. Its functions on geography, which need another download, are left out. Nothing
is written outside of the environment and the data folder.

    python launch_bigquery.py install
    python launch_bigquery.py serve --host 127.0.0.1 --port 9050 --grpc-port 9060 --data-dir FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import duckdb

_EXTENSIONS = Path(sys.prefix) / "duckdb-extensions"
_connect = duckdb.connect


def connect(*arguments: Any, config: dict[str, Any] | None = None, **named: Any) -> Any:
    """``duckdb.connect`` with extensions of this environment, and the time zone set afterwards."""
    settings = {"extension_directory": str(_EXTENSIONS), "autoinstall_known_extensions": "false"}
    settings |= config or {}
    zone = settings.pop("TimeZone", None)
    connection = _connect(*arguments, config=settings, **named)
    if zone is not None:
        connection.execute(f"SET GLOBAL TimeZone = '{zone}'")
    return connection


def main() -> None:
    """Install the extension, or hand over to the emulator."""
    duckdb.connect = connect
    if sys.argv[1:] == ["install"]:
        from duckdb_extensions import import_extension

        import_extension("ducklake", con=connect())
        return
    from local_bigquery.cli import main as emulator
    from local_bigquery.engine import database

    database.FUNCTIONS = [path for path in database.FUNCTIONS if path.stem != "geography"]
    emulator(sys.argv[1:])


if __name__ == "__main__":
    main()
