"""Fetching a file of known size and checksum over a network that may fail in every way."""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, HTTPSHandler, ProxyHandler, Request, build_opener

from score_mlx.system.errors import UserError
from score_mlx.system.files import replacing

CHUNK = 1 << 16  # bytes


@dataclass(frozen=True)
class Limits:
    """Patience with a server.

    Attributes:
        attempts: rounds over the addresses; one that failed for good (404, wrong bytes) is not asked again.
        timeout: seconds without an answer, or without a byte, after which an attempt ends.
        total: seconds an attempt may take in all, against a server that sends a byte now and then.
        pause: seconds before the second round, doubled before each further one.
    """

    attempts: int = 4
    timeout: float = 30
    total: float = 900
    pause: float = 2


class _ForGoodError(Exception):
    """This address will not give the file, however often one asks."""


class _ForNowError(Exception):
    """It may work next time."""


def download(
    name: str,
    urls: Sequence[str],
    out_path: str | Path,
    size: int | None,
    checksum: str | None,
    limits: Limits,
    log: Callable[[str], None],
    by_hand: str = "",
) -> str:
    """Writes the file at `out_path`, whole and right or not at all, and returns the address that gave it.

    Args:
        size: bytes; not one more is read. None where nobody has published it: then whatever an answer announces.
        checksum: SHA-256, hexadecimal; None where nobody has published it, and the caller notes the one that came.
        by_hand: what somebody can do who has the file; by default to put it at `out_path`.

    Raises:
        UserError: an address is not https (plain http is for this machine only); or none gave the file, with what each
            said last and where the file belongs.
    """
    for url in urls:
        _check_scheme(url)
    said: dict[str, str] = {}
    asked = list(urls)
    for attempt in range(limits.attempts):
        if attempt and asked:
            time.sleep(limits.pause * 2 ** (attempt - 1))
        for url in list(asked):
            try:
                _fetch(url, Path(out_path), size, checksum, limits)
                return url
            except (_ForGoodError, _ForNowError) as reason:
                said[url] = str(reason)
                log(f"{name}: {url}: {reason}")
                if isinstance(reason, _ForGoodError):
                    asked.remove(url)
    listed = "; ".join(f"{url}: {reason}" for url, reason in said.items())
    raise UserError(f"{name}: not downloaded: {listed}; {by_hand or f'or put the file there by hand: {out_path}'}")


def _fetch(url: str, out_path: Path, size: int | None, checksum: str | None, limits: Limits) -> None:
    digest, received, end = hashlib.sha256(), 0, time.monotonic() + limits.total
    try:
        with _open(url, limits) as response, replacing(out_path) as temporary, temporary.open("wb") as stream:
            size = response.length if size is None else size
            if size is None:
                raise _ForGoodError("announces no length, so that a part could pass for the whole")
            while chunk := response.read1(CHUNK):
                received += len(chunk)
                if received > size:
                    raise _ForGoodError(f"sends more than the {size} bytes expected")
                if time.monotonic() > end:
                    raise _ForNowError(f"{received} of {size} bytes after {limits.total:g} seconds")
                digest.update(chunk)
                stream.write(chunk)
            if received < size and response.length != 0:  # less than announced, or less than expected and unannounced
                raise _ForNowError(f"ended after {received} of {size} bytes")
            if checksum is not None and digest.hexdigest() != checksum:
                raise _ForGoodError(
                    f"wrong checksum: found sha256 {digest.hexdigest()} ({received} bytes), "
                    f"expected {checksum} ({size} bytes)"
                )
    except HTTPError as reason:
        reason.close()
        busy = reason.code >= 500 or reason.code in (408, 425, 429)
        raise (_ForNowError if busy else _ForGoodError)(_line(f"answers {reason.code} {reason.reason}")) from None
    except (OSError, HTTPException) as reason:  # no such host, refused, timed out, reset, not HTTP
        said = getattr(reason, "reason", reason)
        raise _ForNowError(_line(f"{said or type(said).__name__} after {received} of {size} bytes")) from None


def _line(text: str) -> str:
    return " ".join(text.split())


def _open(url: str, limits: Limits) -> HTTPResponse:
    handlers = [_SafeRedirects(), HTTPSHandler(context=_certificates())]
    if urlsplit(url).scheme == "http":
        handlers.append(ProxyHandler({}))  # this machine: a proxy would look for it elsewhere
    # Without `identity` a server may compress, and the bytes counted would not be the file's.
    request = Request(url, headers={"Accept-Encoding": "identity", "User-Agent": "score-mlx"})
    return build_opener(*handlers).open(request, timeout=limits.timeout)


def _certificates() -> ssl.SSLContext:
    """The system's, and certifi's where it is installed: Python from python.org finds none of its own on a Mac."""
    context = ssl.create_default_context()
    with contextlib.suppress(ImportError):
        import certifi

        context.load_verify_locations(certifi.where())
    return context


class _SafeRedirects(HTTPRedirectHandler):
    """Follows redirects as long as they stay on https."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        try:
            _check_scheme(newurl)
        except UserError as reason:
            raise _ForGoodError(f"redirects to {reason}") from None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _check_scheme(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
        return
    raise UserError(f"{url}: expected an https address")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
