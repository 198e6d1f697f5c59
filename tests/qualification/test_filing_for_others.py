"""An agent files for a collectivité that phones or writes: the mandate that leads them to intake's form."""

import re
from collections.abc import Awaitable, Callable

from shared import clock
from shared.contracts.fact import Actor
from shared.contracts.vocabulary import Role
from shared.identity.model import Agent
from shared.messaging.inbox.inbox import Inbox
from shared.web.mandates import Mandates
from tests.qualification.conftest import Browser, Program
from tests.qualification.life import Life

MANDATES = Mandates("mandate-key-for-tests-only-00000001")


async def test_the_button_of_the_queue_leads_to_a_page_that_posts_the_agent_s_mandate(
    browser: Callable[[Agent], Awaitable[Browser]], sat: Program
) -> None:
    agent = await browser(sat.agent)
    assert 'href="/deposer"' in (await agent.get("/")).text
    page = await agent.get("/deposer")
    form = re.search(r'<form class="form" method="post" action="([^"]+)".*?</form>', page.text, re.DOTALL)
    assert form is not None
    assert form[1] == "http://intake.test/demande/mandat"
    assert "_csrf_token" not in form[0]
    assert "form-action 'self' http://intake.test;" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    sealed = re.search(r'name="mandat" value="([^"]+)"', form[0])
    assert sealed is not None
    read = MANDATES.read(sealed[1], at=clock.now())
    assert read is not None
    assert read[1] == Actor(role=Role.SAT_AGENT, name=sat.agent.name, email=sat.agent.email)
    assert "http://intake.test;" not in (await agent.get("/")).headers["content-security-policy"]


async def test_programs_are_given_the_mandate_for_the_api(sat: Program, delegate: Program) -> None:
    for program, role in ((sat, Role.SAT_AGENT), (delegate, Role.DELEGATE)):
        given = (await program.post("/filing-mandates")).json()
        read = MANDATES.read(given["mandate"], at=clock.now())
        assert read is not None
        assert read[1].role is role


async def test_nobody_but_an_agent_is_given_a_mandate(visitor: Browser) -> None:
    assert (await visitor.get("/deposer")).headers["location"].startswith("/connexion")


async def test_the_case_says_who_filed_it(
    browser: Callable[[Agent], Awaitable[Browser]], sat: Program, inbox: Inbox
) -> None:
    by_itself, by_an_agent = Life(inbox), Life(inbox)
    await by_itself.submitted()
    await by_an_agent.submitted(
        number="95-2026-000002", filed_by=Actor(role=Role.SAT_AGENT, name="Agente du SAT", email="agente@sat.test")
    )
    agent = await browser(sat.agent)
    assert "Le demandeur" in (await agent.get(f"/demandes/{by_itself.request_id}")).text
    assert "Agente du SAT, pour la collectivité" in (await agent.get(f"/demandes/{by_an_agent.request_id}")).text
