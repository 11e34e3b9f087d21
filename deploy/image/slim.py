"""Takes out of an environment what the image has no use for, and compiles what its commands import.

    /opt/termtide/bin/python slim.py

It works on the environment of the Python that runs it, as the last step of the image's build, and imports
afterwards what the commands import; a part that is missed ends the build with its traceback.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from importlib import import_module
from pathlib import Path

# The build backend; what draws the report's charts, 94 MB for a page that `termtide run` leaves out where
# they are missing; tracing, which only the hand-written Pub/Sub client knows; keys in pure Python, for which
# there is cryptography.
_DISTRIBUTIONS = (
    "hatchling", "editables", "pathspec", "pluggy", "trove-classifiers",
    "altair", "narwhals", "vl-convert-python", "jsonschema", "jsonschema-specifications",
    "referencing", "rpds-py",
    "opentelemetry-sdk", "opentelemetry-semantic-conventions", "pyasn1-modules",
)  # fmt: skip
_FILES = (
    # Arrow's own network, other clouds' files, plans for other engines' queries: nothing here imports them.
    "pyarrow/libarrow_flight.*", "pyarrow/libarrow_python_flight.*", "pyarrow/_flight.*",
    "pyarrow/libarrow_s3.*", "pyarrow/_s3fs.*", "pyarrow/_substrait.*",
    # File systems, forms and ciphers that pyarrow does without where they are missing; its own tests.
    "pyarrow/_hdfs.*", "pyarrow/_gcsfs.*", "pyarrow/_azurefs.*", "pyarrow/_orc.*", "pyarrow/_dataset_orc.*",
    "pyarrow/_parquet_encryption.*", "pyarrow/_dataset_parquet_encryption.*",
    "pyarrow/libarrow_python_parquet_encryption.*", "pyarrow/_pyarrow_cpp_tests.*", "pyarrow/tests",
    # What is for compilers, type checkers and tests. Of cffi its library is enough.
    "pyarrow/include", "pyarrow/src", "numpy/**/tests", "numpy/_core/include", "numpy/_core/lib",
    "numpy/random/lib", "numpy/f2py", "numpy/_core/_simd.*", "numpy/_core/*_tests.*", "numpy/_pyinstaller",
    "cffi", "pycparser", "**/*.pxd", "**/*.pyx", "**/*.pxi", "**/*.pyi", "google/**/*.proto",
    # The hand-written Pub/Sub client: ours calls the one that is made from Google's interface.
    "google/cloud/pubsub_v1", "google/cloud/pubsub",
    # Spark's interface to DuckDB; numbers in words of other languages.
    "duckdb/experimental", "humanize/locale",
)  # fmt: skip
# Folders with a module for each of many languages: those that are not imported below go.
_LANGUAGES = ("pygments/lexers", "sqlglot/generators", "sqlglot/parsers")
# What the image's commands load, the parts that wait for their use too.
_IMPORTS = (
    "sim.cli.main", "sim.cli.live.stream", "sim.cli.backfill", "sim.cli.marts", "sim.cli.context",
    "sim.cli.reading.sql", "sim.cli.reading.schema", "sim.cli.packs.pack", "sim.cli.run", "sim.stream.stream",
    "sim.run",
    "sim.shell.prompt", "sim.sinks.pubsub", "sim.sinks.bigquery", "sim.sinks.duckdb", "sim.sinks.ndjson",
    "sim.sinks.parquet", "google.cloud.bigquery", "google.pubsub_v1", "google.auth.compute_engine",
    "google.auth.transport.requests", "google.auth.identity_pool",
    "google.auth.impersonated_credentials", "google.oauth2.service_account", "pyarrow.dataset",
    "pyarrow.parquet", "pyarrow.compute", "pyarrow.json", "pyarrow.csv", "pytz",
    "sqlglot.dialects.bigquery", "sqlglot.dialects.duckdb", "pygments.lexers.python", "pygments.lexers.sql",
)  # fmt: skip


def main() -> None:
    """Remove, strip, import and compile."""
    site = Path(sysconfig.get_path("purelib"))
    pip = [sys.executable, "-m", "pip"]
    subprocess.run([*pip, "uninstall", "--quiet", "--yes", *_DISTRIBUTIONS], check=True)
    for pattern in _FILES:
        for path in sorted(site.glob(pattern)):
            _remove(path)
    for path in sorted(site.rglob("__pycache__")):  # of what nothing here imports, too; see below
        _remove(path)
    _link_twins(site / "pyarrow")
    libraries = [str(path) for path in site.rglob("*.so*") if not path.is_symlink()]
    subprocess.run(["strip", "--strip-unneeded", *libraries], check=True)
    subprocess.run([*pip, "uninstall", "--quiet", "--yes", "pip"], check=True)
    for name in _IMPORTS:
        import_module(name)
    imported = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    for folder in _LANGUAGES:
        for path in sorted((site / folder).glob("[a-z]*.py")):
            if str(path) not in imported:
                _remove(path)
    _compile(site)
    megabytes = sum(path.lstat().st_size for path in Path(sys.prefix).rglob("*")) / 1e6
    print(f"the environment has {megabytes:.0f} MB")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _link_twins(folder: Path) -> None:
    """A wheel can't hold links, so a library lies there once under each of its names."""
    for path in sorted(folder.glob("*.so")):
        twins = [one for one in folder.glob(f"{path.name}.*") if one.read_bytes() == path.read_bytes()]
        for twin in twins:
            twin.unlink()
            twin.symlink_to(path.name)


def _compile(site: Path) -> None:
    """Byte code for what has been imported: nothing can be written beside it later."""
    import py_compile

    for module in list(sys.modules.values()):
        source = getattr(module, "__file__", None)
        if source and source.endswith(".py") and Path(source).is_relative_to(site):
            # Unchecked: in a layer of an image times may be set anew, and sources don't change.
            py_compile.compile(
                source, quiet=1, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
            )


if __name__ == "__main__":
    os.umask(0o022)
    main()
