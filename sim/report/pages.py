"""Pages from Jinja2's templates: every value is escaped, and a name that nobody gave is an error."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def rendered(template: str, **facts: Any) -> str:
    """A template of ``sim/report/templates``, filled in.

    What is markup already (charts, pictures, our own Markdown) is marked ``safe`` in the template, where one
    sees it. Raises jinja2.UndefinedError for a name that ``facts`` lacks.
    """
    return _environment().get_template(template).render(**facts)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("sim.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
