"""What people do with a request, from the form to its end, each way with how it must end in every service."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

from tests.faults.clients import Client, Json, Life, Stuck, Upload
from tests.faults.mailbox import Mailbox
from tests.journeys.steps import GRID, IN_A_MONTH, a_body

EXAMINED = "qualification.examination_started.v1"
"""Told at the beginning, and each time a request comes back to the table."""

DOCUMENT_ADDED = "intake.document_added.v1"

LINK_WITHIN = 60
"""Seconds to wait for the mail to a provider."""

COMMUNES = ("95355", "95651", "95018", "95127", "95500")


class Person:
    """Lives one request after the other, as all the people around it."""

    def __init__(
        self, client: Client, mailbox: Mailbox, chance: random.Random, name: str, kinds: tuple[str, ...]
    ) -> None:
        self._client = client
        self._mailbox = mailbox
        self._chance = chance
        self._name = name
        self._kinds = kinds
        self._count = 0
        self.life = Life("", "")

    async def one(self, kind: str | None = None) -> None:
        """Live one request to its end; a life that gets stuck is a complaint."""
        kind = kind or self._chance.choice(self._kinds)
        self._count += 1
        self.life = Life(kind, f"{self._name}-{self._count}")
        self._client.ledger.lives.append(self.life)
        try:
            await WAYS[kind](self)
        except Stuck as stuck:
            self._client.ledger.complaints.append(f"stuck: {kind} {self.life.number}: {stuck}")
        else:
            self.life.finished = True

    # ── the applicant ───────────────────────────────────────────────────────────────────────────────────────────

    async def files(self) -> None:
        """File by the API, with a key."""
        body = a_body(
            applicant={"kind": "commune", "code": self._chance.choice(COMMUNES)},
            title=f"{self.life.kind} {self.life.key}",
        )
        filed = await self._client.do("intake", "/requests", None, body, key=self.life.key)
        self.life.id, self.life.number, self.life.token = filed["id"], filed["number"], filed["access_token"]
        self.life.sure["intake.request_submitted.v1"] += 1
        self.life.sure["qualification.request_registered.v1"] += 1
        if self._chance.random() < 0.1:
            twice = await self._client.do("intake", "/requests", None, body, key=self.life.key)
            if twice["id"] != filed["id"]:
                self._client.ledger.complaints.append(f"doubled: the key {self.life.key} made two requests")

    async def applicant(self, action: str, fact: str, **body: Any) -> None:
        """Act on one's own request, once."""
        await self._client.do("intake", f"/requests/{self.life.id}/{action}", self.life.token, body)
        self.life.sure[fact] += 1

    async def sees(self, *statuses: str) -> Json:
        """Wait until the tracking page says so."""
        return await self._client.until(
            "intake", f"/requests/{self.life.id}", self.life.token, lambda seen: seen["status"] in statuses
        )

    async def sees_step(self, fact: str) -> None:
        """Wait until the timeline tells a fact."""
        await self._client.until(
            "intake",
            f"/requests/{self.life.id}",
            self.life.token,
            lambda seen: any(step["type"] == fact for step in seen["timeline"]),
        )

    async def writes(self) -> None:
        """Send a message; each attempt has a text of its own, so that each can be counted."""
        await self._says("intake", f"/requests/{self.life.id}/messages", self.life.token, "intake.message_posted.v1")

    async def is_read_by(self, who: str) -> None:
        """Send a message, and wait until the département shows it: from now on it crosses with the request."""
        await self.writes()
        text = self.life.sure_texts[-1]
        service, token = self._client.tokens[who]
        await self._client.until(
            service,
            f"/cases/{self.life.id}",
            token,
            lambda seen: any(message["text"] == text for message in seen["messages"]),
        )
        self.life.crosses.append(text)

    async def _says(self, service: str, path: str, token: str, fact: str) -> None:
        texts: list[str] = []

        def text() -> Json:
            texts.append(f"Message {len(self.life.sure_texts)}.{len(texts)} de {self.life.key}.")
            return {"text": texts[-1]}

        def perhaps() -> None:
            self.life.maybe[fact] += 1
            self.life.maybe_texts.append(texts[-1])

        await self._client.do(service, path, token, text(), again=text, perhaps=perhaps)
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
        await self._client.do("intake", path, self.life.token, document(), again=document, perhaps=perhaps)
        self.life.sure[DOCUMENT_ADDED] += 1
        self.life.sure_documents.append(tried[-1])

    # ── agents ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def agent(
        self, who: str, action: str, fact: str, *, done: Callable[[Json], bool] | None = None, **body: Any
    ) -> None:
        """Let an agent act on the case or the escalation, once; `done` tells it from what is seen."""
        service, token = self._client.tokens[who]
        path = f"/{'cases' if service == 'qualification' else 'escalations'}/{self.life.id}"

        async def look() -> bool:
            seen = await self._client.read(service, path, token)
            return done is not None and seen is not None and done(seen)

        await self._client.do(service, f"{path}/{action}", token, body, done=look if done else None)
        self.life.sure[fact] += 1

    async def waits(self, who: str, *states: str) -> None:
        """Wait until the agent sees the case or the escalation in a state."""
        service, token = self._client.tokens[who]
        objects = "cases" if service == "qualification" else "escalations"
        await self._client.until(service, f"/{objects}/{self.life.id}", token, lambda seen: seen["state"] in states)

    async def agent_writes(self, who: str) -> None:
        """Let an agent of the département write to the applicant."""
        service, token = self._client.tokens[who]
        await self._says(service, f"/cases/{self.life.id}/messages", token, "qualification.message_posted.v1")

    # ── stretches that several lives share ──────────────────────────────────────────────────────────────────────

    async def is_examined(self) -> None:
        """File, and be examined; now and then write, and be asked for more."""
        await self.files()
        await self.waits("sat95", "registered")
        await self.agent("sat95", "examination", EXAMINED)
        if self._chance.random() < 0.5:
            await self.writes()
        if self._chance.random() < 0.3:
            await self.joins_a_document()
        if self._chance.random() < 0.3:
            await self.agent(
                "sat95",
                "information-request",
                "qualification.information_requested.v1",
                items=["Le plan du bourg"],
                until=str(IN_A_MONTH),
            )
            await self.sees("awaiting_information")
            await self.applicant("information", "intake.information_provided.v1", text="Le plan est joint.")
            await self.waits("sat95", "under_examination")
            self.life.sure[EXAMINED] += 1
        if self._chance.random() < 0.5:
            await self.agent_writes("sat95")

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
        _, token = self._client.tokens["sat95"]
        page = await self._client.read("qualification", f"/cases/{self.life.id}/matches", token)
        return [item["provider_id"] for item in (page or {"items": []})["items"]]

    async def is_oriented(self) -> str | None:
        """Be oriented to a local provider; give the token of the link that he received by mail.

        None when it does not come for long: its sender was killed, and the mail is `uncertain` or waits for its lease
        to end. The judgement looks at all mails.
        """
        await self.is_qualified()
        await self.is_proposed("local_orientation", provider_id=(await self.matches())[0])
        await self.is_validated("oriented_locally")
        await self.sees("oriented_locally")
        self.life.ends = {"intake": "oriented_locally", "95": "oriented_locally"}
        for _ in range(LINK_WITHIN * 10):
            link = self._mailbox.orientation_link(self.life.number)
            if link:
                return link
            await asyncio.sleep(0.1)
        return None

    async def is_escalated(self) -> None:
        """Be handed to the national team."""
        await self.is_qualified()
        tried = [{"provider_id": one, "answer": "Plan de charge complet."} for one in (await self.matches())[:1]]
        await self.is_proposed(
            "escalation",
            motive_code="local_offer_insufficient" if tried else "no_local_offer",
            providers_tried=tried,
            opinion="Avis favorable du préfet.",
        )
        await self.is_validated("request_escalated")
        self.life.sure["escalation.escalation_received.v1"] += 1
        await self.waits("national", "received")

    async def is_decided(self, outcome: str, amount_cents: int) -> None:
        """Go through the committee."""
        await self.is_escalated()
        if self._chance.random() < 0.3:
            await self.agent(
                "national",
                "information-request",
                "escalation.information_requested.v1",
                question="Le foncier est-il maîtrisé ?",
            )
            _, token = self._client.tokens["sat95"]
            await self._client.until(
                "qualification", f"/cases/{self.life.id}", token, lambda case: "answer" in case["allowed_actions"]
            )
            await self.agent("sat95", "answer", "qualification.national_question_answered.v1", text="Oui, depuis mars.")
            await self.waits("national", "received")
        await self.agent("national", "admissibility", "escalation.admissibility_settled.v1", opinion="Recevable.")
        _, token = self._client.tokens["secretaire"]
        titles = 0

        def session() -> Json:
            nonlocal titles
            titles += 1
            return {"held_on": "2026-12-10", "title": f"Comité {self.life.key}.{titles}"}

        made = await self._client.do("escalation", "/sessions", token, session(), again=session, perhaps=lambda: None)
        await self.agent("national", "schedule", "escalation.session_scheduled.v1", session_id=made["id"])
        decision = {
            "request_id": self.life.id,
            "outcome": outcome,
            "motive": "Au vu du dossier.",
            "support_types": ["amo_publique"] if amount_cents else [],
            "amount_cents": amount_cents,
        }
        await self._client.do("escalation", f"/sessions/{made['id']}/decisions", token, decision)
        self.life.sure["escalation.decision_made.v1"] += 1

    async def evaluates(self) -> None:
        """Say what came of it, once it is asked."""
        await self._client.until(
            "intake",
            f"/requests/{self.life.id}",
            self.life.token,
            lambda seen: "evaluation" in seen["allowed_actions"],
        )
        await self.applicant("evaluation", "intake.evaluation_submitted.v1", need_met=5, progress=4, satisfaction=5)

    async def answers_orientation(self, link: str, answer: str, fact: str, **body: Any) -> None:
        """Answer as the provider, by the link."""
        await self._client.do("qualification", f"/orientations/{link}/{answer}", None, body)
        self.life.sure[fact] += 1


async def _whole_life(person: Person) -> None:
    await person.is_decided("granted", 10_000)
    await person.agent(
        "national",
        "mobilisations",
        "escalation.resource_mobilised.v1",
        done=lambda seen: seen["state"] == "mobilising",
        kind="external",
        resource="Marché d’ingénierie",
        amount_cents=10_000,
        lot="Lot 3",
    )
    await person.agent(
        "national",
        "accompaniment",
        "escalation.accompaniment_started.v1",
        starts_on="2027-01-04",
        ends_on="2027-06-30",
    )
    await person.agent("national", "completion", "escalation.accompaniment_completed.v1", report="Le projet est prêt.")
    person.life.sure["escalation.evaluation_requested.v1"] += 1
    await person.evaluates()
    person.life.ends = {"intake": "evaluated", "95": "escalated", "escalation": "completed"}


async def _refused_by_the_committee(person: Person) -> None:
    await person.is_decided("refused", 0)
    person.life.ends = {"intake": "refused", "95": "escalated", "escalation": "refused"}


async def _returned(person: Person) -> None:
    await person.is_escalated()
    await person.agent("national", "return", "escalation.escalation_returned.v1", motive="Une offre locale existe.")
    await person.waits("sat95", "under_examination")
    person.life.sure[EXAMINED] += 1
    await person.is_proposed("refusal")
    await person.is_validated("request_refused")
    person.life.ends = {"intake": "refused", "95": "refused", "escalation": "returned"}


async def _accepted_by_a_provider(person: Person) -> None:
    link = await person.is_oriented()
    if link is None:
        return
    await person.answers_orientation(link, "acceptance", "qualification.orientation_accepted.v1")
    await person.sees_step("qualification.orientation_accepted.v1")
    await person.evaluates()
    person.life.ends = {"intake": "evaluated", "95": "oriented_locally"}


async def _declined_by_a_provider(person: Person) -> None:
    link = await person.is_oriented()
    if link is None:
        return
    await person.answers_orientation(
        link, "decline", "qualification.orientation_declined.v1", motive="Plan de charge complet."
    )
    person.life.sure[EXAMINED] += 1
    await person.is_proposed("refusal")
    await person.is_validated("request_refused")
    person.life.ends = {"intake": "refused", "95": "refused"}


async def _supported(person: Person) -> None:
    await person.is_qualified()
    await person.is_proposed("local_support", support_types=["ingenierie_projet"], amount_cents=10_000)
    await person.is_validated("supported_locally")
    person.life.ends = {"intake": "supported_locally", "95": "supported_locally"}


async def _directed(person: Person) -> None:
    await person.is_qualified()
    await person.is_proposed("programme", programme="petites_villes_de_demain")
    await person.is_validated("directed_to_programme")
    person.life.ends = {"intake": "directed_to_programme", "95": "directed_to_programme"}


async def _rejected_then_refused(person: Person) -> None:
    await person.is_qualified()
    await person.is_proposed("refusal")
    await person.agent("delegue95", "rejection", "qualification.proposal_rejected.v1", motive="Voyez d’abord l’EPF.")
    await person.is_proposed("refusal")
    await person.is_validated("request_refused")
    person.life.ends = {"intake": "refused", "95": "refused"}


async def _transferred(person: Person) -> None:
    await person.is_qualified()
    await person.is_read_by("sat95")
    await person.is_proposed("transfer", departement="78")
    await person.is_validated("request_transferred")
    await person.waits("sat78", "registered")
    person.life.sure["qualification.request_registered.v1"] += 1
    await person.agent("sat78", "examination", EXAMINED)
    await person.sees("under_examination")
    await person.writes()
    person.life.ends = {"intake": "under_examination", "95": "transferred", "78": "under_examination"}


async def _withdrawn(person: Person) -> None:
    await person.is_examined()
    await person.applicant("withdrawal", "intake.request_withdrawn.v1", motive="Le projet est abandonné.")
    person.life.ends = {"intake": "withdrawn", "95": "withdrawn"}


WAYS: dict[str, Callable[[Person], Awaitable[None]]] = {
    "whole_life": _whole_life,
    "refused_by_the_committee": _refused_by_the_committee,
    "returned": _returned,
    "accepted_by_a_provider": _accepted_by_a_provider,
    "declined_by_a_provider": _declined_by_a_provider,
    "supported": _supported,
    "directed": _directed,
    "rejected_then_refused": _rejected_then_refused,
    "transferred": _transferred,
    "withdrawn": _withdrawn,
}
