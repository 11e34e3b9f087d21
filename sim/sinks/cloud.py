"""What the sinks of Google Cloud share: credentials, and whose they are."""

from __future__ import annotations

import re
from typing import Any

import google.auth
from google.auth import exceptions as auth

from context.errors import InputError, first_line

LABEL = "synthetic"  # everything we make carries it, as "true"
PROJECT = re.compile(r"([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]")  # an old one may have a domain before it


def default_credentials(scope: str) -> tuple[Any, str]:
    """(Application Default Credentials, the project they name or nothing). Raises InputError."""
    try:
        credentials, project = google.auth.default(scopes=[scope], default_scopes=None)
    except auth.GoogleAuthError as error:
        raise InputError(f"no credentials for Google Cloud: {first_line(error)}") from error
    return credentials, project or ""


def account(credentials: Any) -> str:
    """Who acts, as far as the credentials tell."""
    name = getattr(credentials, "service_account_email", None) or getattr(credentials, "account", None)
    kind = type(credentials).__module__.rsplit(".", 1)[-1]
    if kind == "impersonated_credentials":
        return f"impersonating {name}"
    return f"account {name}" if name else f"credentials of kind {kind}"
