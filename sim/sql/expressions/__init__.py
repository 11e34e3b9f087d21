"""Expressions as BigQuery means them: names, operators, calls, constructors, each with its type and SQL."""
