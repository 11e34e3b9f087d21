"""Queries as BigQuery means them: FROM and joins, WHERE, GROUP BY, the SELECT list, WITH and UNION."""
