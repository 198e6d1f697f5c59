"""Virus scanning of uploaded files by clamd, where a setting names it (ADR 40)."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

import structlog
from aioclamd import ClamdAsyncClient, ClamdError  # type: ignore[import-untyped] # it says no types

from shared.errors import Unavailable, UnsupportedType

log = structlog.get_logger(__name__)

CHUNK: Final = 64 * 1024
AGAIN_AFTER: Final = 0.5
"""Seconds until a scanner that is away is asked again."""
SCANS_WITHIN: Final = 60.0
"""Seconds that one scan may take."""


class FileInfected(UnsupportedType):
    """The scanner found something in files, which were set aside; `names` are theirs."""

    code = "file_infected"
    title = "The antivirus found something in a file, which was set aside"
    sentence = (
        "L’antivirus a trouvé un programme dangereux dans «\u00a0{name}\u00a0»\u00a0: ce fichier n’est pas joint. "
        "Faites vérifier votre poste, puis envoyez une copie saine."
    )

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(name="\u00a0», «\u00a0".join(names))
        self.names = frozenset(names)


class ScannerAway(Unavailable):
    """The scanner does not answer: files are not taken until it does."""

    code = "scanner_away"
    title = "The antivirus does not answer"
    sentence = (
        "Le contrôle antivirus des fichiers est momentanément indisponible\u00a0: vos fichiers n’ont pas été reçus. "
        "Réessayez dans quelques minutes."
    )


class SignatureFoundError(Exception):
    """What the scanner found in a file."""


@dataclass(frozen=True, slots=True)
class Scanner:
    """Scans files by clamd over TCP; `wait`: seconds to wait for a scanner that is away."""

    host: str
    port: int
    wait: float

    async def scan(self, path: Path) -> None:
        """Raise `SignatureFoundError` for a file that has one; refuse (`ScannerAway`) without an answer."""
        until = time.monotonic() + self.wait
        while True:
            try:
                status, found = await self._ask(path)
            except (ClamdError, OSError) as error:
                log.warning("antivirus.away", error=type(error).__name__)
                status, found = "ERROR", None
            if status == "OK":
                return
            if status == "FOUND":
                raise SignatureFoundError(found)
            if time.monotonic() >= until:
                raise ScannerAway
            await asyncio.sleep(AGAIN_AFTER)

    async def _ask(self, path: Path) -> tuple[str, str | None]:
        with path.open("rb") as file:
            answer = await ClamdAsyncClient(self.host, self.port, SCANS_WITHIN).instream(cast("BinaryIO", _Large(file)))
        verdict: tuple[str, str | None] = (answer or {}).get("stream", ("ERROR", None))
        return verdict


@dataclass(frozen=True, slots=True)
class _Large:
    """Gives larger pieces than the client asks for: each is a step in a thread."""

    file: BinaryIO

    def read(self, _size: int) -> bytes:
        return self.file.read(CHUNK)


def scanner_at(address: str | None, *, wait: float) -> Scanner | None:
    """Read `host:port`; None where there is no scanner."""
    if not address:
        return None
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise ValueError("give clamd's host:port, such as 127.0.0.1:3310")
    return Scanner(host.strip("[]"), int(port), wait)
