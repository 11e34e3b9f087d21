"""What can go wrong, as a tree:

TermtideError            exit 3
├── InputError           exit 2   bad input or configuration: the user can mend it
├── RunError             exit 3   the run or an outside service failed
└── FindingsError        exit 1   a check found differences

Messages are one line: what was given, what is allowed, where.
"""

from __future__ import annotations


class TermtideError(Exception):
    """Base of every error that Termtide raises on purpose."""

    exit_code = 3


class InputError(TermtideError):
    """The scenario, the pack, a flag or a file given by the user is wrong."""

    exit_code = 2


class RunError(TermtideError):
    """The run could not go on: disk, output folder, outside service."""

    exit_code = 3


class FindingsError(TermtideError):
    """A check ran to its end and found something."""

    exit_code = 1
