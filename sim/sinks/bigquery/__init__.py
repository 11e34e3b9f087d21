"""BigQuery: finished tables by load jobs, a partition at a time, so that no row is lost or doubled.

``target`` reads the URL, ``connection`` calls the service, ``guard`` checks before anything is written,
``make`` makes datasets and tables, ``body`` makes one file of an item's files, ``checksum`` counts and sums
on both sides, ``jobs`` runs load jobs, ``methods`` replace a day, ``loads`` keeps ``termtide_meta.loads``,
``sink`` puts it together, ``drop`` removes what is ours.
"""

from __future__ import annotations

from sim.sinks.bigquery.sink import BigquerySink

__all__ = ["BigquerySink"]
