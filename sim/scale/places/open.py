"""Which storage a URL means."""

from __future__ import annotations

from context.errors import InputError
from context.files import typed_path
from sim.scale.places.storage import GS, FolderStorage, Storage


def open_storage(url: str) -> Storage:
    """The place of a URL: a folder or ``gs://BUCKET/PATH``. Raises InputError."""
    if url.startswith(GS):
        from sim.scale.places.bucket import open_bucket  # its client is an extra

        return open_bucket(url)
    scheme, colon, _ = url.partition("://")
    if colon:
        raise InputError(f"{url}: {scheme}:// given, allowed: a folder, or {GS}BUCKET/PATH")
    return FolderStorage(typed_path(url))
