"""NET.*: public suffixes of hosts, and IP addresses as bytes and as text.

Suffixes are those of publicsuffix.org without its private domains, as BigQuery's page on Net functions says.
"""

from __future__ import annotations

import socket
from functools import cache

from publicsuffixlist import PublicSuffixList

_BITS = 8


def public_suffix(host: str) -> str | None:
    """The host's public suffix, written as the host has it; None if it has none."""
    return _tail(host, extra=0)


def registered_domain(host: str) -> str | None:
    """The public suffix and the label before it; None if there is none before it."""
    return _tail(host, extra=1)


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False, only_icann=True, accept_encoded_idn=False)


def _tail(host: str, extra: int) -> str | None:
    labels = host.removesuffix(".").split(".")
    if "" in labels:
        return None
    known = _suffixes().publicsuffix(".".join(_plain(label) for label in labels))
    count = known.count(".") + 1 + extra if known else 0
    if not count or count > len(labels):
        return None
    return ".".join(labels[-count:]) + "." * host.endswith(".")


def _plain(label: str) -> str:
    """A label in small letters, as the list of suffixes has it."""
    lower = label.lower()
    if not lower.startswith("xn--"):
        return lower
    try:
        return lower.encode("ascii").decode("idna")
    except UnicodeError:
        return lower


def address_of(text: str) -> bytes | None:
    """4 or 16 bytes of an address; None if the text is none."""
    if "\0" in text:
        return None
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            return socket.inet_pton(family, text)
        except OSError:
            continue
    return None


def text_of_address(address: bytes) -> str | None:
    """An address as text; None if it is not of 4 or 16 bytes."""
    family = {4: socket.AF_INET, 16: socket.AF_INET6}.get(len(address))
    return socket.inet_ntop(family, address) if family is not None else None


def net_mask(size: int, prefix: int) -> bytes | None:
    """``size`` bytes of which the first ``prefix`` bits are ones; None for what no network has."""
    if size not in (4, 16) or not 0 <= prefix <= size * _BITS:
        return None
    return (((1 << prefix) - 1) << (size * _BITS - prefix)).to_bytes(size, "big")


def truncated(address: bytes, prefix: int) -> bytes | None:
    """An address with zeros after its first ``prefix`` bits; None for what no network has."""
    mask = net_mask(len(address), prefix)
    if mask is None:
        return None
    return bytes(one & other for one, other in zip(address, mask, strict=True))
