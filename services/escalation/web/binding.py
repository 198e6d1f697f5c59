"""Make the bound files of sessions that were asked for: read the dossiers, compose their sheets, typeset them.

A file of 36 dossiers takes tens of seconds of computing. Reading and composing take turns with requests; typesetting
runs in a process of its own, at low priority.
"""

import time
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

import structlog
from jinja2 import Environment

from services.escalation.domain.moves import By
from services.escalation.domain.perimeter import Perimeter
from services.escalation.reads.committee import SessionView, session
from services.escalation.reads.detail import detail
from services.escalation.store import session_file as store
from services.escalation.usecases.recording import day
from services.escalation.web.context import Parts
from services.escalation.web.showing import WORDS
from services.escalation.web.territory import territory_shown
from shared import clock, db, rounds
from shared.db import Database
from shared.masking import covered
from shared.web.pdf import LAYOUT, typeset

log = structlog.get_logger(__name__)

EVERY_SECONDS: Final = 3.0
"""How often files that were asked for are looked for."""
EVERYTHING: Final = Perimeter()
NOBODY: Final = By(frozenset(), "", "")


@dataclass(frozen=True, slots=True)
class Binder:
    """What makes files: the database, the parts of the service, its templates."""

    database: Database
    parts: Parts
    templates: Environment

    async def run_once(self) -> None:
        """Make every file that was asked for, and delete old ones."""
        async with self.database.transaction() as tx:
            await store.forget_old_files(tx, at=await db.now(tx))
        while await self._bind_one():
            pass

    async def _bind_one(self) -> bool:
        """Make one file; returns whether there was one to make."""
        async with self.database.transaction() as tx:
            asked = await store.begin_one(tx, at=await db.now(tx))
        if asked is None:
            return False
        session_id, asked_at = asked
        began = time.monotonic()
        try:
            held, html = await self.compose(session_id, today=day(clock.now()))
            paper = await typeset(html, address=self.parts.document_links.here)
        except Exception:
            log.exception("session_file.failed", session_id=str(session_id))
            async with self.database.transaction() as tx:
                await store.note_failed(tx, session_id, asked_at=asked_at, at=await db.now(tx))
            return True
        seconds = time.monotonic() - began
        async with self.database.transaction() as tx:
            await store.save(
                tx,
                session_id,
                asked_at=asked_at,
                content=paper.content,
                pages=paper.pages,
                request_ids=[item.request_id for item in held.agenda],
                seconds=seconds,
                at=await db.now(tx),
            )
        log.info(
            "session_file.made",
            session_id=str(session_id),
            dossiers=len(held.agenda),
            pages=paper.pages,
            bytes=len(paper.content),
            seconds=round(seconds, 1),
        )
        return True

    async def compose(self, session_id: UUID, *, today: date) -> tuple[SessionView, str]:
        """Return a session and its file as HTML; each sheet is rendered by itself, so that requests come between."""
        held = await session(self.database, session_id, by=NOBODY, today=today)
        sheets = [await self._sheet(held, item.request_id, today) for item in held.agenda]
        return held, self._rendered("committee/file.html", session=held, sheets=sheets, today=today, layout=LAYOUT)

    async def _sheet(self, held: SessionView, request_id: UUID, today: date) -> str:
        dossier = await detail(
            self.database,
            request_id,
            perimeter=EVERYTHING,
            by=NOBODY,
            today=today,
            document_url=self.parts.document_links,
        )
        item = next(item for item in held.agenda if item.request_id == request_id)
        shown = await territory_shown(self.database, self.parts, EVERYTHING, dossier, today=today)
        return self._rendered(
            "committee/sheet_parts.html", session=held, item=item, dossier=dossier, territory=shown, today=today
        )

    def _rendered(self, template: str, **shown: Any) -> str:
        html = self.templates.get_template(template).render(**WORDS, **shown)
        return covered(html.encode()).decode()


def running(binder: Binder) -> AbstractAsyncContextManager[None]:
    """Make files while the block runs."""
    return rounds.running(binder.run_once, every=EVERY_SECONDS, name="escalation.files")
