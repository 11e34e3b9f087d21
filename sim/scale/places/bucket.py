"""A bucket of Google Cloud Storage: whole finished files, with checksums and generations.

Every upload says the CRC-32C of the file, which the service compares, and which generation it replaces (0:
none), so that a stream that breaks leaves nothing under the name, and of two that write at once one is told.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from mimetypes import guess_type
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, TypeVar

from context.errors import DamagedError, InputError, RunError, first_line
from context.files import bytes_digest, file_digest
from sim.scale.places.storage import GS, Found, Storage, missing

try:
    from google.api_core import exceptions as api
    from google.auth import exceptions as auth
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.storage import Client
    from google.cloud.storage.retry import DEFAULT_RETRY
except ImportError as error:
    raise InputError(
        f"{GS}: {first_line(error)}; `pip install 'termtide[gcs]'` brings what it needs"
    ) from error

_CALL_S, _UPLOAD_S = 60.0, 600.0
_AGAIN_S = 120.0  # for so long the client tries again what fails in passing
_XXH3 = "xxh3_128"  # of the object's bytes, among its metadata
_TURNS = 5  # to replace what others replace meanwhile
_T = TypeVar("_T")


def open_bucket(url: str) -> Storage:
    """The place of ``gs://BUCKET/PATH``. Raises InputError for another form or without credentials."""
    name, _, prefix = url.removeprefix(GS).partition("/")
    if not name or "//" in prefix or prefix.startswith("/"):
        raise InputError(f"{url}: allowed: {GS}BUCKET/PATH")
    return Bucket(_client(url).bucket(name), prefix.strip("/"))


def _client(url: str) -> Any:
    """A client, of the emulator where STORAGE_EMULATOR_HOST names one."""
    project = os.environ.get("GOOGLE_CLOUD_PROJECT") or None
    if os.environ.get("STORAGE_EMULATOR_HOST"):
        anonymous: Any = AnonymousCredentials
        return Client(project or "emulated", credentials=anonymous())
    try:
        return Client(project)
    except (auth.DefaultCredentialsError, OSError) as error:
        raise InputError(
            f"{url}: no credentials for Google Cloud: `gcloud auth application-default login` makes them"
        ) from error


class Bucket:
    """Objects below a prefix of a bucket."""

    def __init__(self, bucket: Any, prefix: str) -> None:
        self._bucket, self._prefix = bucket, prefix
        self._is_there = False  # the bucket, as far as we know
        self.url = f"{GS}{bucket.name}" + (f"/{prefix}" if prefix else "")

    @property
    def folder(self) -> Path | None:
        """None: it stands on no machine."""
        return None

    def below(self, name: str) -> Storage:
        """See the protocol."""
        return Bucket(self._bucket, f"{self._prefix}/{name}" if self._prefix else name)

    def find(self, name: str) -> Found | None:
        """See the protocol."""
        blob = self._get(name)
        return None if blob is None else _found(blob, name)

    def list(self, prefix: str) -> Iterator[Found]:
        """See the protocol."""
        whole = "/".join(filter(None, (self._prefix, prefix)))
        start = f"{whole}/" if whole else ""

        def listed() -> list[Any]:
            blobs = self._bucket.client.list_blobs(
                self._bucket, prefix=start, timeout=_CALL_S, retry=_retry(),
                fields="items(name,size,metadata,generation),nextPageToken",
            )  # fmt: skip
            return list(blobs)

        skipped = len(self._prefix) + 1 if self._prefix else 0
        for blob in self._call(prefix, listed):
            yield _found(blob, blob.name[skipped:])

    def read(self, name: str) -> bytes | None:
        """See the protocol."""
        try:
            data: bytes = self._call(
                name,
                lambda: self._blob(name).download_as_bytes(
                    checksum="crc32c", timeout=_CALL_S, retry=_retry()
                ),
            )
        except api.NotFound as error:
            self._check_bucket(error)
            return None
        return data

    def fetch(self, name: str, path: Path, xxh3_128: str) -> None:
        """See the protocol."""
        try:
            self._call(
                name,
                lambda: self._blob(name).download_to_filename(
                    str(path), checksum="crc32c", timeout=_UPLOAD_S, retry=_retry()
                ),
            )
        except api.NotFound as error:
            self._check_bucket(error)
            raise missing(self, name) from error
        if file_digest(path) != xxh3_128:
            raise DamagedError(
                f"{self.url}/{name}: is not the file that was written; `termtide scale prepare` mends it"
            )

    def put(self, path: Path, name: str, xxh3_128: str) -> None:
        """See the protocol."""
        size = path.stat().st_size

        def upload(blob: Any, generation: int) -> None:
            blob.upload_from_filename(
                str(path), content_type=_kind_of(name), checksum="crc32c", timeout=_UPLOAD_S,
                if_generation_match=generation, retry=_retry(),
            )  # fmt: skip

        self._replace(name, Found(name, size, xxh3_128), upload)

    def put_bytes(self, data: bytes, name: str) -> None:
        """See the protocol."""
        self._replace(name, Found(name, len(data), bytes_digest(data)), _sender(data))

    def put_new(self, data: bytes, name: str) -> bytes:
        """See the protocol."""
        blob = self._new(name, bytes_digest(data))
        try:
            self._call(name, lambda: _sender(data)(blob, 0))
        except api.PreconditionFailed:
            return self.read(name) or b""
        return data

    def scratch(self) -> Path:
        """On this machine's disk; TMPDIR says on which."""
        return Path(mkdtemp(prefix="termtide-unit-"))

    def clear(self) -> None:
        """Nothing: what is not whole has no name here."""

    def _replace(self, name: str, mine: Found, send: Callable[[Any, int], None]) -> None:
        """Write unless the same is there. Raises RunError when others write other bytes all the time."""
        for _ in range(_TURNS):
            there = self._get(name)
            if there is not None and _found(there, name) == mine:
                return
            blob = self._new(name, mine.xxh3_128)
            try:
                self._call(name, lambda: send(blob, 0 if there is None else there.generation))  # noqa: B023
            except api.PreconditionFailed:
                continue  # somebody was there first, most likely with the same
            except api.NotFound as error:
                self._check_bucket(error)
                raise RunError(f"{self.url}/{name}: not written: {first_line(error)}") from error
            return
        raise RunError(f"{self.url}/{name}: others write there all the time; the same command continues")

    def _new(self, name: str, xxh3_128: str) -> Any:
        blob = self._blob(name)
        blob.metadata = {_XXH3: xxh3_128}
        return blob

    def _blob(self, name: str) -> Any:
        return self._bucket.blob(f"{self._prefix}/{name}" if self._prefix else name)

    def _get(self, name: str) -> Any:
        """An object's facts, None when it is not there."""
        blob = self._blob(name)
        try:
            self._call(name, lambda: blob.reload(timeout=_CALL_S, retry=_retry()))
        except api.NotFound as error:
            self._check_bucket(error)
            return None
        return blob

    def _check_bucket(self, error: Exception) -> None:
        """Raise InputError when it is the bucket that isn't there, and not the object."""
        try:
            self._is_there = self._is_there or bool(self._bucket.exists(timeout=_CALL_S, retry=_retry()))
        except (api.GoogleAPIError, auth.GoogleAuthError, OSError):
            self._is_there = True  # who may read objects may not be allowed to ask for the bucket
        if not self._is_there:
            raise InputError(f"{self.url}: there is no bucket {self._bucket.name}") from error

    def _call(self, name: str, call: Callable[[], _T]) -> _T:
        """A call; errors as one line. NotFound and PreconditionFailed are the caller's to judge."""
        where = f"{self.url}/{name}" if name else self.url
        try:
            return call()
        except (api.NotFound, api.PreconditionFailed):
            raise
        except (api.Forbidden, api.Unauthorized, auth.RefreshError) as error:
            raise InputError(f"{where}: not allowed: {first_line(error)}") from error
        except (api.GoogleAPIError, auth.GoogleAuthError, OSError, ValueError) as error:
            raise RunError(f"{where}: {first_line(error)}; the same command continues") from error


def _sender(data: bytes) -> Callable[[Any, int], None]:
    """What sends a small file."""

    def send(blob: Any, generation: int) -> None:
        blob.upload_from_string(
            data, content_type=_kind_of(blob.name), checksum="crc32c", timeout=_CALL_S,
            if_generation_match=generation, retry=_retry(),
        )  # fmt: skip

    return send


def _kind_of(name: str) -> str:
    """What browsers take an object for: pages of a report open there."""
    return guess_type(name)[0] or "application/octet-stream"


def _found(blob: Any, name: str) -> Found:
    return Found(name, int(blob.size or 0), str((blob.metadata or {}).get(_XXH3, "")))


def _retry() -> Any:
    """As the client does it by default, but not for minutes where nothing answers at all."""
    return DEFAULT_RETRY.with_timeout(_AGAIN_S)
