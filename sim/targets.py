"""Folders that files are delivered to, and what each already has.

The run folder keeps that in its manifest; any other folder in ``delivery.json``, which is saved after every
unit, so that a delivery that is killed goes on where it stopped.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Literal, Protocol

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, ValidationError

from context.errors import InputError, RunError
from context.store import table_path
from sim.atomic import PARTIAL, disk_error, replacing
from sim.items import Item
from sim.manifest import FileEntry, Manifest, TableEntry, UnitEntry
from sim.sinks import SUFFIXES, open_sink, split_ndjson
from sim.sinks.parquet import ParquetSink, file_path
from sim.worker import UnitDone
