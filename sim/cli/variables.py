"""Options from the environment: ``TERMTIDE_SPEED`` is ``--speed`` of every command that has it.

Settings of the scenario are read from theirs by ``context.scenario``, which knows what goes before what.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

from context.errors import InputError, nearest

_PREFIX = "TERMTIDE_"
_NEVER = frozenset(["help", "version", "install-completion", "show-completion"])


def variable_of(option: str) -> str:
    """``TERMTIDE_RATE_MAX`` of ``rate-max``."""
    return _PREFIX + option.replace("-", "_").upper()


def _options(command: Any) -> Iterator[tuple[Any, str]]:
    """Options of a command and of those below it, each with its variable."""
    for parameter in command.params:
        names = [text.removeprefix("--") for text in parameter.opts if text.startswith("--")]
        if names and names[0] not in _NEVER:
            yield parameter, variable_of(names[0])
    for below in getattr(command, "commands", {}).values():
        yield from _options(below)


def _of_scenarios() -> set[str]:
    """The variables of the scenario's settings; what they are imported from is slow, and seldom asked for."""
    from context.scenario.scenario import SCALARS

    return {variable_of(key) for key in SCALARS}


def read_variables(command: Any) -> None:
    """Let a command's options be given by their variables, those that are set."""
    given = [(parameter, variable) for parameter, variable in _options(command) if variable in os.environ]
    scalars = _of_scenarios() if given else set()
    for parameter, variable in given:
        if variable not in scalars:
            parameter.envvar, parameter.show_envvar = variable, False


def check_variables(commands: Iterable[Any]) -> None:
    """Raise InputError for a ``TERMTIDE_*`` variable that neither the scenario nor a command has.

    ``commands`` are asked for only when there is one that isn't the scenario's.
    """
    given = sorted(name for name in os.environ if name.startswith(_PREFIX))
    known = _of_scenarios() if given else set()
    given = [name for name in given if name not in known]
    if not given:
        return
    for command in commands:
        known |= {variable for _, variable in _options(command)}
    for name in given:
        if name not in known:
            raise InputError(f"{name}: no such variable, {nearest(name, sorted(known))}")
