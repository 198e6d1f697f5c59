"""Lives of requests through less used parts: orders, milestones, programmes, colleagues, partners."""

import asyncio
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from shared import clock
from tests.faults.clients import Json, Upload
from tests.faults.mailbox import APPLICANT
from tests.faults.partner import SUBSCRIBED, Partner
from tests.faults.person import EXAMINED, LINK_WITHIN, MESSAGE_POSTED, Person, Way
from tests.today import today

TRACKING_LINK = r"/suivi/([\w.~-]+)"

AMOUNT = 100_000
MOST_PARTNERS = 2
"""Subscriptions of one run: each is told its events one after the other."""
TYPES = ["intake.request_submitted.v1", "qualification.request_refused.v1"]
ACCOMPANIMENT: Mapping[str, Any] = {"starts_on": today(), "ends_on": today(200)}
BOOKED = "escalation.order_booked.v1"
PROGRESSED = "escalation.resource_progressed.v1"


async def _ordered_on_a_lot(person: Person) -> None:
    """An order on a lot is delivered in part, paid, and ends below what was ordered: the rest comes back."""
    await person.is_decided("granted", AMOUNT)
    lot = await _a_lot(person)
    order = await person.mobilises(AMOUNT, lot=None, lot_id=lot)
    step = f"mobilisations/{order}"

    def at(**state: Any) -> Any:
        return lambda seen: any(
            one["id"] == order and all(one[name] == value for name, value in state.items())
            for one in seen["mobilisations"]
        )

    await person.agent("national", f"{step}/acceptance", PROGRESSED, done=at(state="accepted"))
    await person.agent("national", f"{step}/start", PROGRESSED, done=at(state="under_way"))
    await person.agent(
        "national", f"{step}/part-delivery", BOOKED, done=at(delivered_cents=40_000), amount_cents=40_000
    )
    await person.agent("national", f"{step}/payment", BOOKED, done=at(paid_cents=30_000), amount_cents=30_000)
    await person.agent("national", f"{step}/delivery", PROGRESSED, done=at(state="delivered"), delivered_cents=90_000)
    person.life.sure[BOOKED] += 1
    await person.agent("national", f"{step}/payment", BOOKED, done=at(paid_cents=90_000), amount_cents=60_000)
    person.life.ends = {"intake": "mobilising", "95": "escalated", "escalation": "mobilising"}


async def _a_lot(person: Person) -> str:
    """Let the national team enter a contract with a lot of its own; give the lot's id."""
    _, token = person.client.tokens["national"]
    today = clock.now().date()
    contract = {
        "reference": f"AC-{person.life.key}",
        "subject": "Ingénierie de projet",
        "starts_on": str(today - timedelta(days=30)),
        "ends_on": str(today + timedelta(days=700)),
    }
    made = await person.client.do("escalation", "/contracts", token, contract)
    lot = {"number": 1, "title": "Revitalisation", "holder": "Atelier des Bourgs", "ceiling_cents": 10 * AMOUNT}
    with_lot = await person.client.do("escalation", f"/contracts/{made['contract']['id']}/lots", token, lot)
    found: str = with_lot["lots"][0]["id"]
    return found


async def _accompanied(person: Person) -> None:
    """The work has milestones that are postponed and reached, is told of, and hands over files."""
    await person.is_decided("granted", AMOUNT)
    await person.agent("national", "accompaniment", "escalation.accompaniment_started.v1", **ACCOMPANIMENT)
    await person.agent(
        "national",
        "milestones",
        "escalation.milestone_planned.v1",
        done=lambda seen: bool(seen["milestones"]),
        title="Diagnostic remis",
        due_on=today(60),
    )
    _, token = person.client.tokens["national"]
    path = f"/escalations/{person.life.id}"
    seen = await person.client.read("escalation", path, token) or {}
    milestone = seen["milestones"][0]["id"]
    await person.sees("accompanied")
    await person.agent(
        "national",
        f"milestones/{milestone}/postponement",
        "escalation.milestone_postponed.v1",
        done=lambda seen: seen["milestones"][0]["due_on"] == today(90),
        due_on=today(90),
        motive="Relevés retardés.",
    )
    await person.applicant_once("progress", "intake.progress_told.v1", text="Le conseil a délibéré.", percent=50)
    await person.agent(
        "national",
        "progress",
        "escalation.progress_reported.v1",
        done=lambda seen: any(one["text"] == "Entretiens faits." for one in seen["progress"]),
        text="Entretiens faits.",
        percent=40,
    )
    file = Upload("rapport.pdf", b"%PDF-1.7\n% " + person.life.key.encode() + b"\n%%EOF\n")

    async def handed_over() -> bool:
        seen = await person.client.read("escalation", path, token) or {}
        return bool(seen["deliverables"])

    await person.client.do("escalation", f"{path}/deliverables", token, file, done=handed_over)
    person.life.sure["escalation.deliverable_added.v1"] += 1
    await person.agent("national", f"milestones/{milestone}/reached", "escalation.milestone_reached.v1")
    await person.agent("national", "completion", "escalation.accompaniment_completed.v1", report="Le projet est prêt.")
    person.life.sure["escalation.evaluation_requested.v1"] += 1
    await person.evaluates()
    person.life.ends = {"intake": "evaluated", "95": "escalated", "escalation": "completed"}


async def _corrected(person: Person) -> None:
    """A decision with a reserve is corrected to another one, and the reserve of that one is lifted."""
    session = await person.is_scheduled()
    reserved = {**person.decision("granted_with_reserve", AMOUNT), "reserve": "Le plan de financement."}
    _, token = person.client.tokens["secretaire"]
    await person.client.do("escalation", f"/sessions/{session}/decisions", token, reserved)
    person.life.sure["escalation.decision_made.v1"] += 1
    again = {**reserved, "amount_cents": AMOUNT // 2}
    del again["request_id"]
    await _decision(person, "correction", "escalation.decision_corrected.v1", again)
    await _decision(person, "reserve-lifting", "escalation.reserve_lifted.v1", {"motive": "Le plan est là."})
    person.life.ends = {
        "intake": "granted_with_reserve",
        "95": "escalated",
        "escalation": "granted_with_reserve",
    }


async def _decision(person: Person, action: str, fact: str, body: Json) -> None:
    """Act on the decision that holds now, once."""
    _, token = person.client.tokens["secretaire"]
    path = f"/escalations/{person.life.id}"

    async def holding() -> Json:
        seen = await person.client.read("escalation", path, token) or {}
        decision: Json = seen["decisions"][-1]
        return decision

    before = await holding()

    async def done() -> bool:
        now = await holding()
        return now["id"] != before["id"] or bool(now["reserve_lifted_on"])

    await person.client.do("escalation", f"/decisions/{before['id']}/{action}", token, body, done=done)
    person.life.sure[fact] += 1


async def _taken_up_by_a_programme(person: Person) -> None:
    await _is_directed(person)
    await _programme(person, "take-up", "escalation.programme_request_taken_up.v1", interlocutor="Mme Petit, DDT")
    await _programme(person, "completion", "escalation.programme_request_completed.v1", report="Signée.")
    await person.sees("completed")
    person.life.ends = {"intake": "completed", "95": "directed_to_programme"}


async def _declined_by_a_programme(person: Person) -> None:
    await _is_directed(person)
    await _programme(person, "decline", "escalation.programme_request_declined.v1", motive="Non lauréate.")
    await person.waits("sat95", "under_examination")
    person.life.sure[EXAMINED] += 1
    await person.is_proposed("refusal")
    await person.is_validated("request_refused")
    person.life.ends = {"intake": "refused", "95": "refused"}


async def _is_directed(person: Person) -> None:
    await person.is_ready_for("programme", programme="petites_villes_de_demain")
    await person.is_validated("directed_to_programme")


async def _programme(person: Person, action: str, fact: str, **body: str) -> None:
    """Let the team of the programme answer, once the request has come to it."""
    _, token = person.client.tokens["programme"]
    path = "/programmes/petites_villes_de_demain/requests"

    def came(page: Json) -> bool:
        return any(one["request_id"] == person.life.id for one in page["items"])

    await person.client.until("escalation", path, token, came)
    await person.client.do("escalation", f"{path}/{person.life.id}/{action}", token, body)
    person.life.sure[fact] += 1


async def _followed_by_a_colleague(person: Person) -> None:
    """A colleague is invited, writes by a link of their own, and is removed again."""
    await person.files()
    await person.waits("sat95", "registered")
    # Whom an event is mailed to depends on whether it is applied before the invitation: let the first mails leave.
    await _until_mailed(person, times=2)
    person.life.ends = {"intake": "registered", "95": "registered"}
    own = [text for text in person.mailbox.texts(APPLICANT) if person.life.number in text]
    proof = next((found[1] for text in own if (found := re.search(TRACKING_LINK, text))), None)
    if proof is None or await person.client.read("intake", f"/requests/{person.life.id}", proof) is None:
        return  # invitations wait until a mailed link was used
    address = f"collegue.{person.life.key.replace('.', '-')}@magny.test"
    await person.applicant_once("colleagues", "intake.colleague_invited.v1", name="Dominique Petit", email=address)
    seen = await person.client.read("intake", f"/requests/{person.life.id}", person.life.token) or {}
    token = await _mailed(person, address, TRACKING_LINK)
    if token is not None:
        await person.writes(token=token)
    colleague = seen["colleagues"][0]["id"]
    await person.client.do(
        "intake", f"/requests/{person.life.id}/colleagues/{colleague}/removal", person.life.token, {}
    )
    person.life.sure["intake.colleague_removed.v1"] += 1


async def _answered_by_mail(person: Person) -> None:
    """The applicant answers a mail of the département by mail: it becomes a message, once, however often it comes."""
    await person.files()
    await person.waits("sat95", "registered")
    await person.agent_writes("sat95")
    address = None
    for _ in range(LINK_WITHIN * 10):
        address = person.mailbox.reply_address(person.life.number)
        if address:
            break
        await asyncio.sleep(0.1)
    if address is None:
        return
    text = f"Réponse de {person.life.key}."
    for _ in range(2):
        await person.client.mail(to=address, text=text, message_id=f"<{person.life.key}@magny.test>")
    person.life.sure["notifications.reply_received.v1"] += 1
    person.life.sure[MESSAGE_POSTED] += 1
    person.life.sure_texts.append(text)
    person.life.ends = {"intake": "registered", "95": "registered"}


async def _until_mailed(person: Person, *, times: int) -> None:
    """Wait until so many mails about the request have left to the applicant, if they do before long."""
    for _ in range(LINK_WITHIN * 10):
        if sum(person.life.number in text for text in person.mailbox.texts(APPLICANT)) >= times:
            return
        await asyncio.sleep(0.1)


async def _mailed(person: Person, address: str, link: str) -> str | None:
    """Wait for the link in a mail to this address; None when it does not come for long."""
    for _ in range(LINK_WITHIN * 10):
        found = [re.search(link, text) for text in person.mailbox.texts(address)]
        if token := next((one[1] for one in found if one), None):
            return token
        await asyncio.sleep(0.1)
    return None


async def _pact(person: Person) -> None:
    """A pact is signed by its parties, and amended: what is about no request has streams of its own."""
    (_, sat), (_, delegate) = person.client.tokens["sat95"], person.client.tokens["delegue95"]
    client, title = person.client, f"Pacte {person.life.key}"
    commune = "Magny-en-Vexin"
    parties = [{"name": "CC du Vexin", "email": "cc@vexin.test"}, {"name": commune, "kind": "commune", "code": "95355"}]
    made = await client.do("qualification", "/pacts", sat, {"title": title, "departement": "95", "parties": parties})
    pact = f"/pacts/{made['id']}"
    diagnosis = {"strengths": ["Un patrimoine reconnu"], "weaknesses": ["Peu de commerces"], "indicators": []}
    await client.do("qualification", f"{pact}/diagnosis", sat, diagnosis)
    for name in ("CC du Vexin", commune):
        await client.do("qualification", f"{pact}/agreements", sat, {"party": name})
    await client.do("qualification", f"{pact}/agreements", delegate, {"party": "État"})
    action = {"title": "Ouvrir une halle", "owner": commune, "due_on": "2027-12-01", "partners": ["CC du Vexin"]}
    await client.do("qualification", f"{pact}/actions", sat, action)
    await _sign_pact(person, pact, ("CC du Vexin", commune))
    await client.do("qualification", f"{pact}/versions", sat, {})
    await client.do("qualification", f"{pact}/actions", sat, {**action, "title": "Une maison de santé"})
    await _sign_pact(person, pact, ("CC du Vexin", commune))


async def _sign_pact(person: Person, pact: str, parties: tuple[str, ...]) -> None:
    """The plan is ready, and all parties sign it."""
    (_, sat), (_, delegate) = person.client.tokens["sat95"], person.client.tokens["delegue95"]
    await person.client.do("qualification", f"{pact}/readiness", sat, {})
    for name in parties:
        await person.client.do("qualification", f"{pact}/signatures", sat, {"party": name})
    await person.client.do("qualification", f"{pact}/signatures", delegate, {"party": "État"})


async def _partner_subscribed(person: Person) -> None:
    """A partner's program subscribes, and is told what happens while it refuses, loses and delays."""
    if len(person.client.ledger.partners) < MOST_PARTNERS:
        partner = Partner(person.chance)
        person.client.ledger.partners.append(partner)
        await partner.start()
        _, token = person.client.tokens["exploitant"]
        wish = {"name": f"{SUBSCRIBED} {person.life.key}", "url": partner.url, "types": TYPES, "departements": ["95"]}
        made = await person.client.do("notifications", "/webhooks", token, wish)
        partner.webhook = made["id"]
    for _ in range(3):
        other = person.beside(len(person.client.ledger.lives))
        await other.is_ready_for("refusal")
        await other.is_validated("request_refused")
        other.life.ends = {"intake": "refused", "95": "refused"}
        other.life.finished = True


async def _mails_once_a_day(person: Person) -> None:
    """An agent wants the département's mails once a day, and at once again: each is gathered, or sent, once."""
    _, token = person.client.tokens["sat95/notifications"]
    for cadence in ("daily", "instant"):
        choice = {"audience": "departement", "cadence": cadence}
        await person.client.do("notifications", "/preferences", token, {"items": [choice]}, method="PUT")
        other = person.beside(len(person.client.ledger.lives))
        await other.files()
        await other.waits("sat95", "registered")
        await other.writes()
        other.life.ends = {"intake": "registered", "95": "registered"}
        other.life.finished = True


FURTHER: Mapping[str, Way] = {
    "ordered_on_a_lot": _ordered_on_a_lot,
    "accompanied": _accompanied,
    "corrected": _corrected,
    "taken_up_by_a_programme": _taken_up_by_a_programme,
    "declined_by_a_programme": _declined_by_a_programme,
    "followed_by_a_colleague": _followed_by_a_colleague,
    "answered_by_mail": _answered_by_mail,
    "pact": _pact,
    "partner_subscribed": _partner_subscribed,
    "mails_once_a_day": _mails_once_a_day,
}
