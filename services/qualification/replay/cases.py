"""Replay of the events of cases: applies each to the case and to its messages, orientations and links."""

from collections.abc import Mapping
from typing import Any, Final

from services.qualification.domain.case import INFORMATION, QUESTION, Case
from services.qualification.domain.matching import CatalogueEntry
from services.qualification.domain.orientation import Orientation, OrientationState
from services.qualification.domain.refusals import UnknownCase
from services.qualification.store import cases, envelopes, exchanges, local_work, orientations, providers, warnings
from services.qualification.usecases import recording, withdrawing, working
from shared.calendar import today
from shared.contracts import qualification as facts
from shared.contracts.fact import Fact
from shared.contracts.vocabulary import Stage, Team
from shared.db import Transaction
from shared.messaging.handlers import Handler

BEYOND_ANY_ENVELOPE: Final = 10**15
"""Euro cents: no event says how much a year may hold; what was spent of it is in them."""


async def _apply(tx: Transaction, fact: Any) -> None:
    """Change the case, then what hangs on it."""
    departement = fact.from_departement if isinstance(fact, facts.RequestTransferred) else fact.departement
    case = await cases.load_exactly(tx, fact.request_id, departement)
    if case is None:
        raise UnknownCase(f"no case of {fact.request_id} in {departement} yet")
    case.apply(fact)
    await cases.save(tx, case)
    await recording.add_step(tx, case, fact)
    await _beside(tx, case, fact)


async def _beside(tx: Transaction, case: Case, fact: Fact) -> None:
    """Do again what was done beside the case."""
    match fact:
        case facts.MessagePosted():
            await exchanges.add_message(
                tx,
                case,
                message_id=fact.message_id,
                at=fact.at,
                team=Team.DEPARTEMENT,
                author=fact.by.name,
                text=fact.text,
            )
        case facts.OrientedLocally():
            await _orient(tx, fact)
        case facts.OrientationAccepted():
            await _settle(tx, fact, OrientationState.ACCEPTED, None)
        case facts.OrientationDeclined(silent=True):
            await _settle(tx, fact, OrientationState.SILENT, None)
        case facts.OrientationDeclined():
            await _settle(tx, fact, OrientationState.DECLINED, fact.motive)
        case facts.WithdrawalAccepted() | facts.WithdrawalDeclined():
            await withdrawing.carry_out(tx, case, fact)
        case facts.LocalDeliverableAdded():
            await local_work.add_deliverable(tx, fact, None)
        case facts.LocalWorkCompleted() | facts.LocalWorkStopped():
            orientation = await orientations.load_current(tx, case.request_id, case.departement)
            await working.end_beside(tx, case, orientation, fact)
        case facts.SupportedLocally():
            year = today(fact.departement, fact.at).year
            await envelopes.lock(tx, fact.departement, year, BEYOND_ANY_ENVELOPE)
            await envelopes.commit(
                tx,
                departement=fact.departement,
                year=year,
                request_id=fact.request_id,
                amount_cents=fact.amount_cents,
                at=fact.at,
            )


async def _orient(tx: Transaction, fact: facts.OrientedLocally) -> None:
    """Ask the provider again; the catalogue is in no event, so the provider has only its name there."""
    asked = fact.provider
    provider = CatalogueEntry(
        id=asked.id,
        name=asked.name,
        kind="–",
        email=asked.email,
        phone=asked.phone,
        departements=(fact.departement,),
    )
    await providers.insert(tx, provider, fact.at)
    orientation = Orientation(
        id=fact.orientation_id,
        request_id=fact.request_id,
        departement=fact.departement,
        provider_id=asked.id,
        provider=asked,
        motive=fact.motive,
        until=fact.until,
        opened_at=fact.at,
    )
    await orientations.insert(tx, orientation)


async def _relink(tx: Transaction, fact: facts.OrientationLinkReplaced) -> None:
    """Replace a provider's link again."""
    case = await cases.load_exactly(tx, fact.request_id, fact.departement)
    orientation = await orientations.load_for_update(tx, fact.orientation_id)
    if case is None or orientation is None:
        raise UnknownCase(f"no orientation {fact.orientation_id} yet")
    orientation.provider, orientation.link_withdrawn = fact.provider, fact.email is None
    orientation.link_generation, orientation.link_sent_at = fact.link_generation, fact.at
    await orientations.save_link(tx, orientation)
    await recording.add_step(tx, case, fact)


async def _settle(
    tx: Transaction,
    fact: facts.OrientationAccepted | facts.OrientationDeclined,
    state: OrientationState,
    answer: str | None,
) -> None:
    orientation = await orientations.load_for_update(tx, fact.orientation_id)
    if orientation is None:
        raise UnknownCase(f"no orientation {fact.orientation_id} yet")
    orientation.state, orientation.answer, orientation.answered_at = state, answer, fact.at
    await orientations.save(tx, orientation)


async def _warn_again(
    tx: Transaction,
    fact: facts.StageDueSoon | facts.OrientationDueSoon | facts.InformationDueSoon | facts.NationalQuestionDueSoon,
) -> None:
    """Record again which clock was published as running out."""
    match fact:
        case facts.StageDueSoon():
            clock, due_on = fact.stage.value, fact.due_on
        case facts.OrientationDueSoon():
            clock, due_on = Stage.PROVIDER_ANSWER.value, fact.until
        case facts.InformationDueSoon():
            clock, due_on = INFORMATION, fact.until
        case facts.NationalQuestionDueSoon():
            clock, due_on = QUESTION, fact.until
    await warnings.note(tx, fact.request_id, fact.departement, clock=clock, due_on=due_on, at=fact.at)


async def _remind_again(tx: Transaction, fact: facts.LocalWorkDueSoon) -> None:
    """Record again of which last day of local work somebody was reminded: it enters no timeline."""
    case = await cases.load_exactly(tx, fact.request_id, fact.departement)
    if case is None:
        raise UnknownCase(f"no case of {fact.request_id} in {fact.departement} yet")
    case.apply(fact)
    await cases.save(tx, case)


def recorded_then_consumed(recorded: Handler, consumed: Handler) -> Handler:
    """Apply an event as its publisher and as its consumer: both départements share one database here."""

    async def both(tx: Transaction, fact: Any) -> None:
        await recorded(tx, fact)
        await consumed(tx, fact)

    return both


OF_CASES: Mapping[type[Fact], Handler] = {
    **dict.fromkeys(
        (
            facts.RequestRegistered,
            facts.ExaminationStarted,
            facts.InformationRequested,
            facts.MessagePosted,
            facts.RequestQualified,
            facts.OutcomeProposed,
            facts.ProposalRejected,
            facts.ProposalTakenBack,
            facts.OrientedLocally,
            facts.OrientationAccepted,
            facts.OrientationDeclined,
            facts.SupportedLocally,
            facts.LocalWorkStarted,
            facts.LocalMilestoneSet,
            facts.LocalMilestonePostponed,
            facts.LocalMilestoneReached,
            facts.LocalEndPostponed,
            facts.LocalProgressReported,
            facts.LocalDeliverableAdded,
            facts.LocalWorkCompleted,
            facts.LocalWorkStopped,
            facts.LocalWorkOverdue,
            facts.DirectedToProgramme,
            facts.RequestEscalated,
            facts.NationalQuestionAnswered,
            facts.RequestRefused,
            facts.RequestTransferred,
            facts.WithdrawalAccepted,
            facts.WithdrawalDeclined,
            facts.StageOverdue,
        ),
        _apply,
    ),
    **dict.fromkeys(
        (facts.StageDueSoon, facts.OrientationDueSoon, facts.InformationDueSoon, facts.NationalQuestionDueSoon),
        _warn_again,
    ),
    facts.OrientationLinkReplaced: _relink,
    facts.LocalWorkDueSoon: _remind_again,
}
