"""What waits for its validation is changed or taken back by its author; who comes late reads who did what, and when."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from services.qualification.domain.moves import State
from services.qualification.domain.proposal import Proposal
from services.qualification.domain.refusals import NotProposer, ProposalChanged, TakenMeanwhile
from shared.contracts.vocabulary import Outcome
from shared.db import Database
from shared.errors import IllegalMove
from shared.identity.model import Agent, Role
from tests.qualification.acting import CAUE, ESCALATION, ORIENTATION, done, proposed, qualified, told
from tests.qualification.conftest import Browser, Program, Programs
from tests.qualification.life import Life
from tests.qualification.test_domain import AT, BOTH, DELEGATE, SAT, a_case, a_proposed_case, an_examined_case
from tests.qualification.test_pages import page_of

SignIn = Callable[[Agent], Awaitable[Browser]]
LATER = AT + timedelta(minutes=5)


@pytest.fixture
async def agent(browser: SignIn, sat: Program) -> Browser:
    """The SAT agent in front of the pages."""
    return await browser(sat.agent)


@pytest.fixture
async def chief(browser: SignIn, delegate: Program) -> Browser:
    """The délégué in front of the pages."""
    return await browser(delegate.agent)


def test_its_author_takes_a_proposal_back() -> None:
    case = a_proposed_case()
    due = case.due_on
    fact = case.take_back(SAT, LATER)
    assert (fact.by.name, case.state, case.proposal, case.due_on) == ("Agent SAT", State.UNDER_EXAMINATION, None, due)
    assert case.returned is not None
    assert (case.returned.proposal.motive, case.returned.motive) == ("Motif.", None)


def test_nobody_else_takes_it_back_and_reads_whose_it_is() -> None:
    with pytest.raises(NotProposer) as refused:
        a_proposed_case().take_back(DELEGATE, LATER)
    assert "Agent SAT a proposé cette réponse" in refused.value.detail


def test_a_rejected_proposal_is_remembered_with_its_motive_until_an_answer_is_validated() -> None:
    case = a_proposed_case(outcome=Outcome.LOCAL_SUPPORT)
    case.reject(DELEGATE, "Sollicitez l’EPF.", LATER)
    assert case.returned is not None
    assert (case.returned.motive, case.returned.by.name) == ("Sollicitez l’EPF.", "Délégué")
    by = case.require_proposal(SAT, Outcome.REFUSAL)
    case.propose(Proposal(outcome=Outcome.REFUSAL, motive="Autre.", by=by, at=LATER))
    assert case.returned is not None
    case.validate(DELEGATE, LATER)
    assert case.returned is None


def test_a_proposal_that_was_changed_since_it_was_read_is_not_validated() -> None:
    case = a_proposed_case()
    read = case.pending.at
    by = case.require_proposal(SAT, Outcome.REFUSAL)
    case.propose(Proposal(outcome=Outcome.REFUSAL, motive="Autre motif.", by=by, at=LATER))
    with pytest.raises(ProposalChanged) as refused:
        case.validate(DELEGATE, LATER, proposed_at=read)
    assert "Agent SAT a modifié cette proposition, le lundi 2\u00a0novembre 2026 à 10" in refused.value.detail
    assert case.state is State.PROPOSED
    assert case.validate(DELEGATE, LATER, proposed_at=LATER).motive == "Autre motif."


def test_who_comes_late_reads_who_did_what_and_when() -> None:
    case = an_examined_case()
    with pytest.raises(IllegalMove) as refused:
        case.start_examination(BOTH, LATER, case.due_on or AT.date())
    said = refused.value.detail
    assert said.startswith("Agent SAT a commencé ou repris l’examen, le lundi 2\u00a0novembre 2026 à 10")
    with pytest.raises(IllegalMove) as refused:
        case.start_examination(SAT, LATER, case.due_on or AT.date())
    assert refused.value.detail.startswith("Vous avez commencé ou repris l’examen")
    assert refused.value.code == "illegal_move"
    with pytest.raises(IllegalMove) as refused:
        a_case().reject(DELEGATE, "Motif.", LATER)
    assert refused.value.detail.startswith("Cette demande est enregistrée, le ")


def test_a_case_that_a_colleague_took_meanwhile_is_not_taken_from_him() -> None:
    case = a_case()
    case.assign(DELEGATE, DELEGATE.email, DELEGATE.name, LATER)
    with pytest.raises(TakenMeanwhile) as refused:
        case.assign(SAT, SAT.email, SAT.name, LATER, seen_at=AT)
    assert "Délégué a pris ce dossier, le lundi 2\u00a0novembre 2026 à 10" in refused.value.detail
    case.assign(SAT, SAT.email, SAT.name, LATER, seen_at=LATER)
    assert case.assignee_email == SAT.email
    case.assign(DELEGATE, "tiers95@cousu.test", "Tiers", LATER + timedelta(minutes=1))
    with pytest.raises(TakenMeanwhile) as refused:
        case.assign(SAT, SAT.email, SAT.name, LATER, seen_at=LATER)
    assert "Délégué a confié ce dossier à Tiers" in refused.value.detail


async def test_a_proposal_is_changed_and_taken_back_by_calls(
    sat: Program, delegate: Program, life: Life, database: Database
) -> None:
    await proposed(sat, life, ORIENTATION)
    changed = await done(sat, life, "proposal", {"outcome": "refusal", "motive": "Déjà aidée."})
    assert changed["proposal"]["outcome"] == "refusal"
    assert {"proposal", "retraction"} <= set(changed["allowed_actions"])
    theirs = await delegate.post(f"/cases/{life.request_id}/retraction")
    assert (theirs.status_code, theirs.json()["code"]) == (403, "not_proposer")
    theirs = await delegate.post(f"/cases/{life.request_id}/proposal", ORIENTATION)
    assert (theirs.status_code, theirs.json()["code"]) == (409, "illegal_move")
    back = await done(sat, life, "retraction")
    assert (back["state"], back["proposal"]) == ("under_examination", None)
    assert back["returned_proposal"]["proposal"]["motive"] == "Déjà aidée."
    assert (await told(database, life))[-3:] == ["outcome_proposed", "outcome_proposed", "proposal_taken_back"]
    assert (await delegate.post(f"/cases/{life.request_id}/validation")).status_code == 409


async def test_a_proposal_is_validated_or_taken_back_and_never_both(
    sat: Program, delegate: Program, life: Life, database: Database
) -> None:
    await proposed(sat, life, ORIENTATION)
    answers = await asyncio.gather(
        delegate.post(f"/cases/{life.request_id}/validation"), sat.post(f"/cases/{life.request_id}/retraction")
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    facts = await told(database, life)
    assert ("oriented_locally" in facts) != ("proposal_taken_back" in facts)


async def test_an_old_proposal_is_not_validated_by_a_call(sat: Program, delegate: Program, life: Life) -> None:
    read = (await proposed(sat, life, ORIENTATION))["proposal"]["at"]
    new = (await done(sat, life, "proposal", ORIENTATION | {"motive": "Il connaît le maire."}))["proposal"]["at"]
    answer = await delegate.post(f"/cases/{life.request_id}/validation", {"proposed_at": read})
    assert (answer.status_code, answer.json()["code"]) == (409, "proposal_changed")
    assert answer.json()["state"] == "proposed"
    assert (await done(delegate, life, "validation", {"proposed_at": new}))["state"] == "oriented_locally"


async def test_a_validation_is_asked_once_on_a_page_of_its_own(
    agent: Browser, chief: Browser, sat: Program, life: Life
) -> None:
    await proposed(sat, life, ORIENTATION)
    here = page_of(life)
    case = (await chief.get(here)).text
    assert f'href="{here}/validation"' in case
    assert f'action="{here}/validation"' not in case
    page = (await chief.get(f"{here}/validation")).text
    assert "Valider cette réponse ?" in page
    assert "Elle ne peut plus être reprise." in page
    assert 'name="proposed_at"' in page
    assert (await agent.get(f"{here}/validation")).status_code == 303
    assert (await chief.send(f"{here}/validation", f"{here}/validation")).status_code == 303
    late = await chief.get(f"{here}/validation")
    assert (late.status_code, late.headers["location"]) == (303, here)


async def test_a_proposal_changed_while_it_was_read_is_shown_anew_before_it_is_validated(
    chief: Browser, sat: Program, life: Life
) -> None:
    read = (await proposed(sat, life, ORIENTATION))["proposal"]["at"]
    filled = await chief.filled(f"{page_of(life)}/validation", proposed_at=read)
    await done(sat, life, "proposal", ORIENTATION | {"motive": "Il connaît le maire."})
    answer = await chief.send_again(filled, f"{page_of(life)}/validation")
    assert answer.status_code == 409
    assert "sat95" in answer.text
    assert "a modifié cette proposition" in answer.text
    assert "Il connaît le maire." in answer.text


async def test_a_rejected_proposal_comes_back_filled_in_beside_its_reason(
    agent: Browser, delegate: Program, sat: Program, life: Life
) -> None:
    await proposed(sat, life, ESCALATION)
    await done(delegate, life, "rejection", {"motive": "Sollicitez l’EPF."})
    case = (await agent.get(page_of(life))).text
    assert case.index("Sollicitez l’EPF.") < case.index(
        "Commencer l’examen" if "Commencer l’examen" in case else "Revoir"
    )
    assert "Votre proposition n’a pas été validée" in case
    assert "Corriger cette proposition" in case
    form = (await agent.get(f"{page_of(life)}/proposition/escalation")).text
    assert "Sollicitez l’EPF." in form
    for text in (ESCALATION["motive"], ESCALATION["opinion"], ESCALATION["providers_tried"][0]["answer"]):
        assert f">\n{text}</textarea>" in form
    assert f'value="{CAUE.id}" selected' in form
    assert "Sollicitez l’EPF." in (await agent.get(f"{page_of(life)}/proposition/refusal")).text


async def test_an_escalation_lacks_everything_in_one_round_each_with_its_name(
    agent: Browser, sat: Program, life: Life
) -> None:
    await qualified(sat, life)
    page = f"{page_of(life)}/proposition/escalation"
    answer = await agent.send(
        page, page, **{"providers_tried.0.answer": "Non.", "providers_tried.1.provider_id": str(CAUE.id)}
    )
    assert answer.status_code == 400
    summary = answer.text.split('id="erreurs"')[1].split("</ul>")[0]
    assert "5 points sont à corriger" in summary
    for said in (
        "Raison de la transmission : ", "Acteur local : Choisissez l’acteur qui a donné cette réponse.",
        "Réponse de l’acteur local : Indiquez ce que cet acteur a répondu.", "Avis du préfet : ", "Motif : ",
    ):  # fmt: skip
        assert said in summary


async def test_its_author_changes_and_takes_back_a_proposal_on_the_page(
    agent: Browser, sat: Program, life: Life
) -> None:
    await qualified(sat, life)
    here = page_of(life)
    await done(
        sat, life, "proposal",
        {"outcome": "local_support", "motive": "Étude.", "support_types": ["amo_publique"], "amount_cents": 2_500_050},
    )  # fmt: skip
    assert "Modifier ma proposition" in (await agent.get(here)).text
    form = (await agent.get(f"{here}/proposition/local_support")).text
    assert "Remplacer ma proposition" in form
    assert "25\u202f000,50" in form.replace("\u00a0", "\u202f").replace("&#8239;", "\u202f") or "25000,50" in form
    page = f"{here}/proposition/local_support"
    answer = await agent.send(page, page, motive="Étude.", support_types="amo_publique", amount_cents="30 000")
    assert answer.status_code == 303, answer.text
    assert (await sat.get(f"/cases/{life.request_id}")).json()["proposal"]["amount_cents"] == 3_000_000
    assert (await agent.send(here, f"{here}/reprise")).status_code == 303
    case = (await agent.get(here)).text
    assert "Proposer à nouveau" in case
    assert "Modifier ma proposition" not in case


async def test_what_was_typed_into_a_form_that_comes_too_late_is_shown_with_who_was_faster(
    agent: Browser, sat: Program, delegate: Program, life: Life
) -> None:
    await qualified(sat, life)
    here = page_of(life)
    page = f"{here}/proposition/refusal"
    filled = await agent.filled(page, motive="La commune est déjà accompagnée.")
    asked = await agent.filled(here, **{"informations.items": "Un plan de financement"})
    await done(delegate, life, "proposal", ORIENTATION)
    for typed, address, text in (
        (filled, page, "La commune est déjà accompagnée."),
        (asked, f"{here}/informations", "Un plan de financement"),
    ):
        answer = await agent.send_again(typed, address)
        assert answer.status_code == 409
        assert text in answer.text
        assert "Ce que vous demandiez n’a pas été fait" in answer.text
        assert "Ce que vous aviez saisi" in answer.text
        assert "a proposé une réponse, le " in answer.text
        assert "Rechargez la page" not in answer.text
        again = await agent.get(address)
        assert (again.status_code, again.headers["location"]) == (303, here)
        shown = (await agent.get(here)).text
        assert ("Cette action n’est pas possible à ce stade" in shown) == (address == page)


async def test_a_colleagues_case_is_taken_after_a_question(
    agent: Browser, program: Programs, sat: Program, life: Life
) -> None:
    here = page_of(life)
    colleague = await program("autre95", Role.SAT_AGENT, "95")
    stale = await agent.filled(here, email=sat.agent.email, seen_at="2026-01-01T00:00:00Z")
    await done(colleague, life, "assignment", {"email": colleague.agent.email})
    answer = await agent.send_again(stale, f"{here}/affectation")
    assert answer.status_code == 409
    assert "a pris ce dossier, le " in answer.text
    assert (await sat.get(f"/cases/{life.request_id}")).json()["assignee"]["email"] == colleague.agent.email
    assert f"Prendre ce dossier à {colleague.agent.name}" in answer.text
    page = (await agent.get(f"{here}/affectation")).text
    assert f"Prendre ce dossier à {colleague.agent.name} ?" in page
    seen = page.split('name="seen_at" value="')[1].split('"')[0]
    answer = await agent.send(f"{here}/affectation", f"{here}/affectation", email=sat.agent.email, seen_at=seen)
    assert answer.status_code == 303
    assert (await sat.get(f"/cases/{life.request_id}")).json()["assignee"]["email"] == sat.agent.email
