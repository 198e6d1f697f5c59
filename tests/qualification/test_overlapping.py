"""What an agent does while an event is applied to the same case is not lost."""

from services.qualification.domain.rules import Rules
from services.qualification.usecases import examining
from services.qualification.usecases.context import Context
from shared import clock
from shared.contracts import intake
from shared.contracts.vocabulary import Role
from shared.db import Database, Transaction
from shared.territory import Territories
from tests.overlapping import second_beside
from tests.qualification.acting import done
from tests.qualification.conftest import Program, Programs
from tests.qualification.life import Life, in_days


async def test_a_case_given_to_a_colleague_while_information_comes_stays_the_colleagues(
    sat: Program, program: Programs, life: Life, database: Database, rules: Rules, territories: Territories
) -> None:
    colleague = await program("collegue95", Role.SAT_AGENT, "95")
    await done(sat, life, "examination")
    await done(sat, life, "information-request", {"items": ["Un plan"], "until": in_days(5).isoformat()})
    provided = intake.InformationProvided(**life.about(clock.now()), text="Le plan est joint.")

    async def assign(tx: Transaction) -> None:
        do = Context(tx, sat.agent, clock.now(), rules, territories)
        await examining.assign(do, life.request_id, examining.Assign(email=colleague.agent.email))

    await second_beside(database, assign, lambda: life.tell(provided))
    shown = (await sat.get(f"/cases/{life.request_id}")).json()
    assert shown["assignee"]["email"] == colleague.agent.email
    assert shown["state"] == "under_examination"
