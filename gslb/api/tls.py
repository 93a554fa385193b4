"""The certificate of the API: read again when its file changes, for connections from then on; one that makes no sense changes nothing, loudly."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Final

from gslb import log
from gslb.config.settings_api import Tls
from gslb.errors import UsageError

LOOK: Final = 10.0  # seconds between looks; certificates are renewed days before they end


class Certificate:
    """One certificate, with its key. Made on the running loop."""

    def __init__(self, settings: Tls) -> None:
        """Read it. Raises UsageError."""
        self._settings = settings
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._stamp = self._seen()
        try:
            self.context.load_cert_chain(settings.cert, settings.key)
        except (OSError, ssl.SSLError) as error:
            raise UsageError(f"api.tls: the certificate cannot be used: {error}") from None
        self._loop = asyncio.get_running_loop()
        self._next = self._loop.call_later(LOOK, self._look)

    def close(self) -> None:
        """Look no more."""
        self._next.cancel()

    def _look(self) -> None:
        self._next = self._loop.call_later(LOOK, self._look)
        if (seen := self._seen()) == self._stamp:
            return
        self._stamp = seen
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self._settings.cert, self._settings.key)  # elsewhere first: a half-written one
            self.context.load_cert_chain(self._settings.cert, self._settings.key)
        except (OSError, ssl.SSLError) as error:
            log.error("the certificate has changed, and cannot be used: the one from before is shown", reason=str(error))
        else:
            log.info("the certificate has changed", file=str(self._settings.cert))

    def _seen(self) -> list[tuple[int, int] | None]:
        return [_stamp(path) for path in (self._settings.cert, self._settings.key)]


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino
