"""A partner's program outside the product: accepts, refuses, delays or loses events, and records what it accepted."""

import asyncio
import random
from dataclasses import dataclass, field

from tests.faults.judged import Judged
from tests.faults.verdict import Verdict

SUBSCRIBED = "partenaire"
"""The name of the subscriptions that the harness makes."""


@dataclass(slots=True)
class Partner:
    """Answers as chance decides, and never forgets an event to which it answered that it has it."""

    chance: random.Random
    port: int = 0
    taken: list[str] = field(default_factory=list)
    """The ids of the events that it took, in the order in which it took each first."""
    webhook: str = ""
    _server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen on a free port of loopback."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()

    @property
    def url(self) -> str:
        """Where it is told what happens."""
        return f"http://127.0.0.1:{self.port}/evenements"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
            await reader.readexactly(int(headers["content-length"]))
            how = self.chance.choices(("takes", "late", "refuses", "hangs up", "loses"), (80, 5, 5, 5, 5))[0]
            if how == "late":
                await asyncio.sleep(self.chance.uniform(0.1, 1.0))
            if how == "refuses":
                writer.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            elif how != "hangs up":
                if headers["webhook-id"] not in self.taken:
                    self.taken.append(headers["webhook-id"])
                if how != "loses":  # it has the event, and its answer is lost
                    writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


async def check(product: Judged, partners: list[Partner], verdict: Verdict) -> None:
    """Every partner took every event since its subscription, first in the order of their positions, and no other."""
    for partner in partners:
        if not partner.webhook:  # the life that subscribes it did not get an answer
            continue
        rows = await product.fetch(
            "notifications",
            """
            SELECT e.event_id::text AS id FROM partner_event e
            JOIN webhook w ON w.id = $1::text::uuid
                AND (w.types = '{}' OR e.type = ANY(w.types))
                AND (w.departements = '{}' OR e.departement = ANY(w.departements))
            WHERE e.position >= (SELECT min(a.position) FROM webhook_attempt a WHERE a.webhook_id = w.id)
            ORDER BY e.position
            """,
            partner.webhook,
        )
        given = [row["id"] for row in rows]
        if set(given) - set(partner.taken):
            verdict.complain("lost", f"a partner never got {len(set(given) - set(partner.taken))} events")
        if set(partner.taken) - set(given):
            verdict.complain("ghost", f"a partner got {len(set(partner.taken) - set(given))} events of nobody")
        if not set(given) ^ set(partner.taken) and given != partner.taken:
            verdict.complain("reordered", "a partner got events in another order than their positions")
