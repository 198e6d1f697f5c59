"""Use cases for consumed events of later steps: add them to the case, or reopen it when the dossier is returned.

The national side names the département that handed the request over. What it did for an earlier département, and the
next one receives late, is shown and changes nothing.
"""

from services.qualification.domain.case import Case, Question
from services.qualification.domain.rules import Rules
from services.qualification.store import cases, evaluations, orientations
from services.qualification.usecases import recording, withdrawing
from shared.contracts import escalation, intake
from shared.contracts.fact import A_MOMENT, Actor, Fact
from shared.contracts.vocabulary import CommitteeOutcome, Stage
from shared.db import Transaction
from shared.messaging import journal


async def show(tx: Transaction, case: Case, fact: Fact) -> None:
    """Show it on the case."""
    await recording.add_step(tx, case, fact)


async def add_question(tx: Transaction, case: Case, fact: escalation.InformationRequested) -> None:
    """The national team asks: the question waits for the département's answer."""
    if fact.departement == case.departement:
        case.question = Question(text=fact.question, until=fact.until)
        await cases.save(tx, case)
    await recording.add_step(tx, case, fact)


async def reopen(
    tx: Transaction, case: Case, fact: escalation.EscalationReturned | escalation.ProgrammeRequestDeclined, rules: Rules
) -> None:
    """The national team returns the dossier, or a programme declines: another answer is to be found here."""
    await recording.add_step(tx, case, fact)
    await _reopen(tx, case, fact, fact.by, rules)


async def add_decision(tx: Transaction, case: Case, fact: escalation.DecisionMade, rules: Rules) -> None:
    """The committee decided; a dossier that it returns comes back into the examination."""
    await recording.add_step(tx, case, fact)
    if fact.decision.outcome is CommitteeOutcome.RETURNED:
        await _reopen(tx, case, fact, fact.decision.signed_by, rules)


async def end(tx: Transaction, case: Case, fact: intake.EvaluationSubmitted | intake.RequestClosed) -> None:
    """Store what the applicant says came of it; when the request is closed, local work is over if it was not."""
    if isinstance(fact, intake.RequestClosed):
        await orientations.end(tx, case.request_id, fact.at)
        if case.local_work is not None and not case.local_work.is_over:
            case.local_work = case.local_work.ended(fact.at)
            await cases.save(tx, case)
    else:
        await evaluations.insert(tx, case, fact)
    await recording.add_step(tx, case, fact)


async def _reopen(tx: Transaction, case: Case, fact: Fact, by: Actor, rules: Rules) -> None:
    if case.state in withdrawing.HANDED_ON and fact.departement == case.departement:
        at = await journal.in_time(tx, case.source, case.request_id, fact.at + A_MOMENT)
        await recording.record(tx, case, case.reopen(at, rules.due(Stage.QUALIFY, case.departement, at), by))
        await withdrawing.answer_pending(tx, case, at)
