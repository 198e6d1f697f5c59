"""Verify a journal: check each stream's hash chain, and report changed and missing rows."""

import hashlib
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from services.operations.adapters.connections import UNREACHABLE, Watched
from shared.db import Reader, Row

AT_ONCE = 200
"""Rows read together: the journal may be larger than memory, and no snapshot is kept open between two reads."""

MOST_NAMED = 1000
"""Faults that are named one by one; the others are counted."""


class Fault(BaseModel):
    """What is wrong with one row, or with rows from `sequence` to `until` that are not there.

    `tampered`: the text is not the one that was hashed. `relabelled`: id, type, source, place or routing key are not
    those of the text. `missing`: no such row. `head`: the stream's head is not its last row. `forked`: the last event
    that `listener` applied is not in this journal.
    """

    service: str
    what: Literal["tampered", "relabelled", "missing", "head", "forked"]
    source: str
    subject: str
    sequence: int
    until: int
    event_id: str | None = None
    listener: str | None = None


class Verified(BaseModel):
    """What was read of one journal, and what was found; `faults` names the first thousand of `wrong`."""

    service: str
    streams: int = 0
    events: int = 0
    wrong: int = 0
    faults: list[Fault] = []
    away: list[str] = []
    """Listeners that were not compared, because their database did not answer."""


@dataclass(slots=True)
class _Last:
    """The row read before, and its stream's head as it stood then."""

    source: str
    subject: str
    sequence: int
    hash: bytes
    true_hash: bytes | None
    """What its hash must be by its text, where that can be known; another was put there if they differ."""
    head: int | None
    head_hash: bytes | None
    event_id: str


async def verify(watched: Watched, listeners: Iterable[Watched] = ()) -> Verified:
    """Read a whole journal in small pieces, while the service goes on writing to it, and what listeners applied."""
    result = Verified(service=watched.name)
    async for fault in _faults(watched, result):
        _note(result, fault)
    for listener in listeners:
        if listener.name == watched.name:
            continue
        try:
            async for fault in _forked(watched, listener):
                _note(result, fault)
        except UNREACHABLE:
            result.away.append(listener.name)
    return result


def _note(result: Verified, fault: Fault) -> None:
    result.wrong += 1
    if len(result.faults) < MOST_NAMED:
        result.faults.append(fault)


async def _forked(watched: Watched, listener: Watched) -> AsyncIterator[Fault]:
    """Find the streams of this service whose last event applied by a listener is not in the journal.

    The listener is read first: what it had applied then must be in the journal, whatever was recorded since.
    """
    place = ("", "")
    while True:
        applied = await listener.database.fetch(
            """
            SELECT source, subject, applied, hash
            FROM inbox_stream
            WHERE (subject, source) > ($1, $2) AND split_part(source, '/', 2) = $3 AND hash IS NOT NULL
            ORDER BY subject, source
            LIMIT $4
            """,
            *place,
            watched.name,
            AT_ONCE,
        )
        rows = await watched.database.fetch(
            """
            SELECT k.source, k.subject, k.applied
            FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bytea[]) AS k (source, subject, applied, hash)
            WHERE NOT EXISTS (SELECT FROM journal j
                              WHERE j.source = k.source AND j.subject = k.subject AND j.sequence = k.applied
                                AND j.hash = k.hash)
            """,
            [row["source"] for row in applied],
            [row["subject"] for row in applied],
            [row["applied"] for row in applied],
            [row["hash"] for row in applied],
        )
        for row in rows:
            yield Fault(
                service=watched.name,
                what="forked",
                source=row["source"],
                subject=row["subject"],
                sequence=row["applied"],
                until=row["applied"],
                listener=listener.name,
            )
        if len(applied) < AT_ONCE:
            return
        place = (applied[-1]["subject"], applied[-1]["source"])


async def _faults(watched: Watched, seen: Verified) -> AsyncIterator[Fault]:
    last: _Last | None = None
    async for row in _rows(watched.database):
        seen.events += 1
        if last is None or (row["source"], row["subject"]) != (last.source, last.subject):
            if last is not None:
                for fault in _at_the_end(watched.name, last):
                    yield fault
            seen.streams += 1
            last = None
        for fault in _of_row(watched.name, row, last):
            yield fault
        last = _Last(
            row["source"],
            row["subject"],
            row["sequence"],
            row["hash"],
            _true_hash(row, last),
            row["head"],
            row["head_hash"],
            str(row["id"]),
        )
    if last is not None:
        for fault in _at_the_end(watched.name, last):
            yield fault
    async for fault in _emptied(watched):
        yield fault


def _of_row(service: str, row: Row, last: _Last | None) -> list[Fault]:
    """Look at one row and at its link to the one before it."""
    expected = last.sequence + 1 if last else 1
    here = {"service": service, "source": row["source"], "subject": row["subject"]}
    this = {**here, "sequence": row["sequence"], "until": row["sequence"], "event_id": str(row["id"])}
    found: list[Fault] = []
    whole = row["sequence"] == expected
    if not whole:
        found.append(Fault(what="missing", **here, sequence=expected, until=row["sequence"] - 1))
    # After a hole the hash before is not known: only what follows it can be checked again.
    if whole and row["hash"] not in _possible_hashes(row, last):
        found.append(Fault(what="tampered", **this))
    elif not _labels_are_true(row):
        found.append(Fault(what="relabelled", **this))
    return found


def _true_hash(row: Row, last: _Last | None) -> bytes | None:
    """Return the hash that follows from the row before and the text, or None after a hole."""
    if row["sequence"] != (last.sequence + 1 if last else 1):
        return None
    before = last.hash if last else b""
    return hashlib.sha256(before + row["body"].encode()).digest()


def _possible_hashes(row: Row, last: _Last | None) -> set[bytes]:
    """Return the hashes that seal this row: where only the hash before was changed, this row is not at fault."""
    sealed = {last.hash, last.true_hash or last.hash} if last else {b""}
    return {hashlib.sha256(before + row["body"].encode()).digest() for before in sealed}


def _labels_are_true(row: Row) -> bool:
    """Return whether the columns agree with the text."""
    try:
        envelope = json.loads(row["body"])
        service, fact, _ = envelope["type"].split(".")
        key = f"{service}.{fact}.{envelope['departement']}"
        return bool(
            envelope["id"] == str(row["id"])
            and envelope["type"] == row["type"]
            and envelope["source"] == row["source"]
            and envelope["subject"] == row["subject"]
            and envelope["sequence"] == row["sequence"]
            and key == row["routing_key"]
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


def _at_the_end(service: str, last: _Last) -> list[Fault]:
    """Compare a stream's last row with its head."""
    here = {"service": service, "source": last.source, "subject": last.subject}
    if last.head is not None and last.head > last.sequence:
        return [Fault(what="missing", **here, sequence=last.sequence + 1, until=last.head)]
    if last.head != last.sequence or last.head_hash not in {last.hash, last.true_hash}:
        this = {**here, "sequence": last.sequence, "until": last.sequence}
        return [Fault(what="head", **this, event_id=last.event_id)]
    return []


async def _rows(reader: Reader) -> AsyncIterator[Row]:
    """Return every row with the head of its stream, stream by stream, in order."""
    place = ("", "", 0)
    while True:
        rows = await reader.fetch(
            """
            SELECT j.source, j.subject, j.sequence, j.id, j.type, j.routing_key, j.body, j.hash,
                   s.sequence AS head, s.hash AS head_hash
            FROM journal j
            LEFT JOIN stream s ON s.source = j.source AND s.subject = j.subject
            WHERE (j.source, j.subject, j.sequence) > ($1, $2, $3)
            ORDER BY j.source, j.subject, j.sequence
            LIMIT $4
            """,
            *place,
            AT_ONCE,
        )
        for row in rows:
            yield row
        if len(rows) < AT_ONCE:
            return
        place = (rows[-1]["source"], rows[-1]["subject"], rows[-1]["sequence"])


async def _emptied(watched: Watched) -> AsyncIterator[Fault]:
    """Find the streams of which no row is left at all."""
    place = ("", "")
    while True:
        rows = await watched.database.fetch(
            """
            SELECT s.source, s.subject, s.sequence,
                   EXISTS (SELECT FROM journal j WHERE j.source = s.source AND j.subject = s.subject) AS recorded
            FROM stream s
            WHERE (s.source, s.subject) > ($1, $2)
            ORDER BY s.source, s.subject
            LIMIT $3
            """,
            *place,
            AT_ONCE,
        )
        for row in rows:
            if not row["recorded"]:
                yield Fault(
                    service=watched.name,
                    what="missing",
                    source=row["source"],
                    subject=row["subject"],
                    sequence=1,
                    until=row["sequence"],
                )
        if len(rows) < AT_ONCE:
            return
        place = (rows[-1]["source"], rows[-1]["subject"])
