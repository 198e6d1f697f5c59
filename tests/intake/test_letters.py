"""A decision of the département as the applicant gets it: who took it, when, and how it is contested."""

import re
from uuid import UUID

import pytest

from services.intake.handlers import handlers
from shared.calendar import today
from shared.db import Database
from shared.french.dates import date_fr
from shared.messaging.inbox.inbox import Inbox
from shared.territory.territories import Territories
from tests.intake.conftest import Client, filed
from tests.intake.facts import ACT, Life, Wire
from tests.intake.test_handlers import LATER, seen


@pytest.fixture
def inbox(database: Database, territories: Territories) -> Inbox:
    """What listens to the other services."""
    return Inbox(database, handlers(territories))


async def test_a_decision_names_its_author_and_their_quality(client: Client, inbox: Inbox) -> None:
    mine = await filed(client)
    await inbox.process([Wire().message(Life(UUID(mine["id"])).refused(LATER))])
    decision = (await seen(client, mine))["decision"]
    assert (decision["author"], decision["quality"]) == (ACT.author, ACT.quality)
    assert decision["court"] == "tribunal administratif de Cergy-Pontoise"
    for page in ("", "/imprimer"):
        shown = (await client.get(f"/suivi/{mine['access_token']}{page}")).text
        assert f"<dt>Prise par</dt><dd>{ACT.author}, {ACT.quality}</dd>" in shown
        assert "Service départemental (SAT)</dd>" not in shown


async def test_a_decision_keeps_its_date_and_author_once_the_provider_has_accepted(
    client: Client, inbox: Inbox
) -> None:
    mine, wire = await filed(client), Wire()
    life = Life(UUID(mine["id"]))
    oriented = life.oriented(LATER)
    await inbox.process([wire.message(oriented), wire.message(life.accepted(LATER + 3 * 24 * 60))])
    decided_on = today("95", oriented.at)
    decision = (await seen(client, mine))["decision"]
    assert decision["accepted"]
    assert (decision["decided_on"], decision["author"]) == (decided_on.isoformat(), ACT.author)
    shown = (await client.get(f"/suivi/{mine['access_token']}")).text
    assert re.search(rf"<dt>Date</dt><dd>{date_fr(decided_on)}</dd>", shown)
