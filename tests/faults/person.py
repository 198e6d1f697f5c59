"""A client of the harness: all that people do with one request, over the HTTP API."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from tests.faults.clients import Client, Json, Life, Stuck, Upload
from tests.faults.mailbox import Mailbox
from tests.steps import GRID, IN_A_MONTH, a_body
from tests.today import today

LOCAL_WORK_STARTED = "qualification.local_work_started.v1"
LOCAL_WORK_DONE = "qualification.local_work_completed.v1"
LOCAL_WORK_STOPPED = "qualification.local_work_stopped.v1"
EXAMINED = "qualification.examination_started.v1"
"""Told at the beginning, and each time a request comes back to the table."""

DECIDED = "escalation.decision_made.v1"
MOBILISED = "escalation.resource_mobilised.v1"
MESSAGE_POSTED = "intake.message_posted.v1"
DOCUMENT_ADDED = "intake.document_added.v1"

LINK_WITHIN = 60
"""Seconds to wait for the mail to a provider."""

APART = 0.1
"""Seconds between two people who act at the same time, at most."""

COMMUNES = ("95355", "95651", "95018", "95127", "95500")


class Person:
    """Lives one request after the other, as all the people around it."""

    def __init__(
        self, client: Client, mailbox: Mailbox, chance: random.Random, name: str, ways: Mapping[str, "Way"]
    ) -> None:
        """`ways` are the kinds of lives that this person may live, by name."""
        self.client = client
        self.mailbox = mailbox
        self.chance = chance
        self._name = name
        self._ways = ways
        self._count = 0
        self._texts = 0
        self.life = Life("", "")

    def beside(self, n: int) -> "Person":
        """Begin another request beside this one: its own life, in the same hands."""
        name = f"{self.life.key}-{n}"
        other = Person(self.client, self.mailbox, random.Random(name), name, self._ways)  # noqa: S311 - a seed that can be given again
        other.life = Life(self.life.kind, name)
        self.client.ledger.lives.append(other.life)
        return other

    async def one(self, kind: str | None = None) -> None:
        """Live one request to its end; a life that gets stuck is a complaint."""
        kind = kind or self.chance.choice(tuple(self._ways))
        self._count += 1
        self.life = Life(kind, f"{self._name}-{self._count}")
        self.client.ledger.lives.append(self.life)
        try:
            await self._ways[kind](self)
        except Stuck as stuck:
            self.client.ledger.complaints.append(f"stuck: {kind} {self.life.number}: {stuck}")
        else:
            self.life.finished = True

    # ── the applicant ───────────────────────────────────────────────────────────────────────────────────────────

    async def files(self) -> None:
        """File by the API, with a key."""
        body = a_body(
            applicant={"kind": "commune", "code": self.chance.choice(COMMUNES)},
            title=f"{self.life.kind} {self.life.key}",
        )
        filed = await self.client.do("intake", "/requests", None, body, key=self.life.key)
        self.life.id, self.life.number, self.life.token = filed["id"], filed["number"], filed["access_token"]
        self.life.sure["intake.request_submitted.v1"] += 1
        self.life.sure["qualification.request_registered.v1"] += 1
        if self.chance.random() < 0.1:
            twice = await self.client.do("intake", "/requests", None, body, key=self.life.key)
            if twice["id"] != filed["id"]:
                self.client.ledger.complaints.append(f"doubled: the key {self.life.key} made two requests")

    async def applicant(self, action: str, fact: str, **body: Any) -> None:
        """Act on one's own request, once."""
        await self.client.do("intake", f"/requests/{self.life.id}/{action}", self.life.token, body)
        self.life.sure[fact] += 1

    async def sees(self, *statuses: str) -> Json:
        """Wait until the tracking page says so."""
        return await self.client.until(
            "intake", f"/requests/{self.life.id}", self.life.token, lambda seen: seen["status"] in statuses
        )

    async def sees_message(self, text: str) -> None:
        """Wait until the tracking page shows a message."""
        await self.client.until(
            "intake",
            f"/requests/{self.life.id}",
            self.life.token,
            lambda seen: any(message["text"] == text for message in seen["messages"]),
        )

    async def sees_step(self, fact: str) -> None:
        """Wait until the timeline tells a fact."""
        await self.client.until(
            "intake",
            f"/requests/{self.life.id}",
            self.life.token,
            lambda seen: any(step["type"] == fact for step in seen["timeline"]),
        )

    async def applicant_once(self, action: str, fact: str, **body: Any) -> None:
        """Act on one's own request where asking twice would do it twice: see first whether it was done."""
        path = f"/requests/{self.life.id}"
        seen = await self.client.read("intake", path, self.life.token) or {"timeline": []}
        before = [step["type"] for step in seen["timeline"]].count(fact)

        async def done() -> bool:
            seen = await self.client.read("intake", path, self.life.token) or {"timeline": []}
            return [step["type"] for step in seen["timeline"]].count(fact) > before

        await self.client.do("intake", f"{path}/{action}", self.life.token, body, done=done)
        self.life.sure[fact] += 1

    async def writes(self, *, token: str | None = None) -> None:
        """Send a message, as a colleague with a `token`; each attempt has a text of its own, so that each counts."""
        await self._says("intake", f"/requests/{self.life.id}/messages", token or self.life.token, MESSAGE_POSTED)

    async def is_read_by(self, who: str) -> None:
        """Send a message, and wait until the département shows it: from now on it crosses with the request."""
        await self.writes()
        text = self.life.sure_texts[-1]
        service, token = self.client.tokens[who]
        await self.client.until(
            service,
            f"/cases/{self.life.id}",
            token,
            lambda seen: any(message["text"] == text for message in seen["messages"]),
        )
        self.life.crosses.append(text)

    async def _says(self, service: str, path: str, token: str, fact: str) -> None:
        texts: list[str] = []

        def text() -> Json:
            self._texts += 1
            texts.append(f"Message {self._texts} de {self.life.key}.")
            return {"text": texts[-1]}

        def perhaps() -> None:
            self.life.maybe[fact] += 1
            self.life.maybe_texts.append(texts[-1])

        await self.client.do(service, path, token, text(), again=text, perhaps=perhaps)
        self.life.sure[fact] += 1
        self.life.sure_texts.append(texts[-1])

    async def joins_a_document(self) -> None:
        """Join a file; each attempt has a name of its own, so that each can be counted."""
        tried: list[Upload] = []

        def document() -> Upload:
            name = f"plan-{len(self.life.sure_documents)}-{len(tried)}.pdf"
            tried.append(Upload(name, b"%PDF-1.7\n% " + f"{name} {self.life.key}\n%%EOF\n".encode()))
            return tried[-1]

        def perhaps() -> None:
            self.life.maybe[DOCUMENT_ADDED] += 1
            self.life.maybe_documents.append(tried[-1])

        path = f"/requests/{self.life.id}/documents"
        await self.client.do("intake", path, self.life.token, document(), again=document, perhaps=perhaps)
        self.life.sure[DOCUMENT_ADDED] += 1
        self.life.sure_documents.append(tried[-1])

    # ── agents ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def agent(
        self, who: str, action: str, fact: str, *, done: Callable[[Json], bool] | None = None, **body: Any
    ) -> None:
        """Let an agent act on the case or the escalation, once; `done` tells it from what is seen."""
        service, token = self.client.tokens[who]
        path = f"/{'cases' if service == 'qualification' else 'escalations'}/{self.life.id}"

        async def look() -> bool:
            seen = await self.client.read(service, path, token)
            return done is not None and seen is not None and done(seen)

        await self.client.do(service, f"{path}/{action}", token, body, done=look if done else None)
        self.life.sure[fact] += 1

    async def tries(
        self, who: str, action: str, fact: str | None, *, path: str | None = None, **body: Any
    ) -> bool | None:
        """Let somebody act while somebody else does; note what must, and what may, have been published for it.

        `who` is an agent, `applicant` for the person who asked, or empty for whoever holds a link; `path` is where,
        if not on the request, the case or the escalation itself.
        """
        service: str = "qualification"
        token: str | None = None
        if who == "applicant":
            service, token = "intake", self.life.token
        elif who:
            service, token = self.client.tokens[who]
        if path is None:
            objects = {"intake": "requests", "qualification": "cases", "escalation": "escalations"}[service]
            path = f"/{objects}/{self.life.id}"
        accepted = await self.client.attempt(service, f"{path}/{action}", token, body)
        if fact is not None and accepted:
            self.life.sure[fact] += 1
        elif fact is not None and accepted is None:
            self.life.maybe[fact] += 1
        return accepted

    async def at_once(self, *acts: Coroutine[Any, Any, bool | None]) -> list[bool | None]:
        """Let several people act at the same time, each a moment later than the other by chance."""

        async def soon(act: Coroutine[Any, Any, bool | None]) -> bool | None:
            await asyncio.sleep(self.chance.uniform(0.0, APART))
            return await act

        return await asyncio.gather(*(soon(act) for act in acts))

    async def waits(self, who: str, *states: str) -> None:
        """Wait until the agent sees the case or the escalation in a state."""
        service, token = self.client.tokens[who]
        objects = "cases" if service == "qualification" else "escalations"
        await self.client.until(service, f"/{objects}/{self.life.id}", token, lambda seen: seen["state"] in states)

    async def agent_writes(self, who: str) -> None:
        """Let an agent of the département write to the applicant."""
        service, token = self.client.tokens[who]
        await self._says(service, f"/cases/{self.life.id}/messages", token, "qualification.message_posted.v1")

    # ── stretches that several lives share ──────────────────────────────────────────────────────────────────────

    async def is_examined(self) -> None:
        """File, and be examined; now and then write, and be asked for more."""
        await self.files()
        await self.waits("sat95", "registered")
        await self.agent("sat95", "examination", EXAMINED)
        if self.chance.random() < 0.5:
            await self.writes()
        if self.chance.random() < 0.3:
            await self.joins_a_document()
        if self.chance.random() < 0.3:
            await self.is_asked_for_information()
            await self.sees("awaiting_information")
            await self.applicant("information", "intake.information_provided.v1", text="Le plan est joint.")
            await self.waits("sat95", "under_examination")
            self.life.sure[EXAMINED] += 1
        if self.chance.random() < 0.5:
            await self.agent_writes("sat95")

    async def is_asked_for_information(self) -> None:
        """Be asked for more by the département."""
        await self.agent(
            "sat95",
            "information-request",
            "qualification.information_requested.v1",
            items=["Le plan du bourg"],
            until=str(IN_A_MONTH),
        )

    async def is_qualified(self) -> None:
        """Have the grid filled in."""
        await self.is_examined()
        await self.agent(
            "sat95",
            "qualification",
            "qualification.request_qualified.v1",
            done=lambda case: bool(case["qualification"]),
            **GRID,
        )

    async def is_proposed(self, outcome: str, **proposal: Any) -> None:
        """Have an outcome proposed."""
        await self.agent(
            "sat95",
            "proposal",
            "qualification.outcome_proposed.v1",
            outcome=outcome,
            motive="Au vu du dossier.",
            **proposal,
        )

    async def is_validated(self, fact: str) -> None:
        """Have the proposal validated by the délégué."""
        await self.agent("delegue95", "validation", f"qualification.{fact}.v1")

    async def matches(self) -> list[str]:
        """Ask which providers could answer."""
        _, token = self.client.tokens["sat95"]
        page = await self.client.read("qualification", f"/cases/{self.life.id}/matches", token)
        return [item["provider_id"] for item in (page or {"items": []})["items"]]

    async def is_oriented(self) -> str | None:
        """Be oriented to a local provider; give the token of the link that they received by mail.

        None when it does not come for long: its sender was killed, and the mail is `uncertain` or waits for its lease
        to end. The judgement looks at all mails.
        """
        await self.is_ready_for("local_orientation")
        await self.is_validated("oriented_locally")
        await self.sees("oriented_locally")
        self.life.ends = {"intake": "oriented_locally", "95": "oriented_locally"}
        for _ in range(LINK_WITHIN * 10):
            link = self.mailbox.orientation_link(self.life.number)
            if link:
                return link
            await asyncio.sleep(0.1)
        return None

    async def is_ready_for(self, outcome: str, **proposal: Any) -> None:
        """Have an outcome proposed with all that it takes: it waits for the délégué alone."""
        await self.is_qualified()
        if outcome == "local_orientation":
            proposal["provider_id"] = (await self.matches())[0]
        if outcome == "escalation":
            tried = [{"provider_id": one, "answer": "Plan de charge complet."} for one in (await self.matches())[:1]]
            proposal |= {
                "motive_code": "local_offer_insufficient" if tried else "no_local_offer",
                "providers_tried": tried,
                "opinion": "Avis favorable du préfet.",
            }
        await self.is_proposed(outcome, **proposal)

    async def is_escalated(self) -> None:
        """Be handed to the national team."""
        await self.is_ready_for("escalation")
        await self.is_validated("request_escalated")
        self.life.sure["escalation.escalation_received.v1"] += 1
        await self.waits("national", "received")

    async def is_decided(self, outcome: str, amount_cents: int) -> None:
        """Go through the committee."""
        await self.is_decided_in(await self.is_scheduled(), outcome, amount_cents)

    async def is_decided_in(self, session: str, outcome: str, amount_cents: int) -> None:
        """Have the committee decide in this session."""
        _, token = self.client.tokens["secretaire"]
        decision = self.decision(outcome, amount_cents)
        await self.client.do("escalation", f"/sessions/{session}/decisions", token, decision)
        self.life.sure[DECIDED] += 1

    def decision(self, outcome: str, amount_cents: int) -> Json:
        """Write a decision of the committee."""
        return {
            "request_id": self.life.id,
            "outcome": outcome,
            "motive": "Au vu du dossier.",
            "support_types": ["amo_publique"] if amount_cents else [],
            "amount_cents": amount_cents,
        }

    async def plans_a_session(self, **more: Any) -> str:
        """Let the committee's secretary plan a session of its own for this request; give its id."""
        _, token = self.client.tokens["secretaire"]
        titles = 0

        def session() -> Json:
            nonlocal titles
            titles += 1
            return {"held_on": today(), "title": f"Comité {self.life.key}.{titles}", **more}

        made = await self.client.do("escalation", "/sessions", token, session(), again=session, perhaps=lambda: None)
        planned: str = made["id"]
        return planned

    async def mobilises(self, amount_cents: int, **more: Any) -> str:
        """Let the national team mobilise a resource; give its id."""
        resource = {"kind": "external", "resource": "Marché d’ingénierie", "amount_cents": amount_cents, "lot": "Lot 3"}
        await self.agent(
            "national", "mobilisations", MOBILISED, done=lambda seen: bool(seen["mobilisations"]), **(resource | more)
        )
        _, token = self.client.tokens["national"]
        seen = await self.client.read("escalation", f"/escalations/{self.life.id}", token)
        mobilised: str = (seen or {})["mobilisations"][-1]["id"]
        return mobilised

    async def is_scheduled(self) -> str:
        """Come on the agenda of a session of the committee; give the session's id."""
        await self.is_admissible()
        session = await self.plans_a_session()
        await self.agent("national", "schedule", "escalation.session_scheduled.v1", session_id=session)
        return session

    async def is_admissible(self) -> None:
        """Be found admissible by the national team, which now and then asks the département first."""
        await self.is_escalated()
        if self.chance.random() < 0.3:
            await self.agent(
                "national",
                "information-request",
                "escalation.information_requested.v1",
                question="Le foncier est-il maîtrisé ?",
            )
            _, token = self.client.tokens["sat95"]
            await self.client.until(
                "qualification", f"/cases/{self.life.id}", token, lambda case: "answer" in case["allowed_actions"]
            )
            await self.agent("sat95", "answer", "qualification.national_question_answered.v1", text="Oui, depuis mars.")
            await self.waits("national", "received")
        await self.agent("national", "admissibility", "escalation.admissibility_settled.v1", opinion="Recevable.")

    async def evaluates(self) -> None:
        """Say what came of it, once it is asked."""
        await self.client.until(
            "intake",
            f"/requests/{self.life.id}",
            self.life.token,
            lambda seen: "evaluation" in seen["allowed_actions"],
        )
        await self.applicant("evaluation", "intake.evaluation_submitted.v1", need_met=5, progress=4, satisfaction=5)

    async def answers_orientation(self, link: str, answer: str, fact: str, **body: Any) -> None:
        """Answer as the provider, by the link."""
        await self.client.do("qualification", f"/orientations/{link}/{answer}", None, body)
        self.life.sure[fact] += 1


Way = Callable[[Person], Awaitable[None]]
"""One kind of life."""
