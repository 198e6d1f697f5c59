"""Bugs where acts of two services cross: who answers a request to withdraw, and what follows from the answer."""

from typing import Any

from tests.faults.teeth.bug import bug
from tests.faults.teeth.changes import around, instead, skipped

INTAKE = "services.intake"
QUALIFICATION = "services.qualification"


def _standing_kept(original: Any, self: Any, fact: Any) -> None:
    standing = self.standing
    original(self, fact)
    self.standing = standing


def _of_any_departement(original: Any, tx: Any, case: Any, fact: Any, *given: Any) -> Any:
    return original(tx, case, fact.model_copy(update={"departement": case.departement}), *given)


BUGS = (
    bug(
        "withdrawal_answered_by_two",
        "The département answers a request to withdraw although the national team has the dossier.",
        "crossing",
        f"{QUALIFICATION}.domain.withdrawals:RULINGS",
        lambda rulings: {**rulings, "escalated": rulings["supported_locally"]},
    ),
    bug(
        "withdrawn_money_stays_committed",
        "The département's money stays committed for a support that the applicant withdrew from.",
        "crossing",
        f"{QUALIFICATION}.store.envelopes:release",
        skipped,
        within=f"{QUALIFICATION}.usecases.withdrawing:carry_out",
    ),
    bug(
        "withdrawn_mobilisation_stays",
        "What was proposed for a dossier stays mobilised, and its money committed, though it was withdrawn.",
        "crossing",
        "services.escalation.usecases.withdrawal:_cancel",
        skipped,
    ),
    bug(
        "declined_withdrawal_stays_withdrawn",
        "The applicant's page stays withdrawn though the owner said that it was too late.",
        "crossing",
        f"{INTAKE}.domain.request:TrackedRequest._settle",
        around(_standing_kept),
    ),
    bug(
        "waiting_withdrawal_forgotten",
        "A request to withdraw that arrived while another service had the request is not answered after its return.",
        "crossing",
        f"{QUALIFICATION}.usecases.withdrawing:answer_pending",
        skipped,
        within=f"{QUALIFICATION}.usecases.consumed_steps:_reopen",
    ),
    bug(
        "information_hides_the_answer",
        "Information that crosses the département's answer puts the request back under examination for good.",
        "crossing",
        f"{INTAKE}.domain.request:TrackedRequest._resume_examination",
        instead(lambda self, fact, meaning: self._move(fact, meaning)),
    ),
    bug(
        "transfer_leaves_the_stream_behind",
        "What the applicant did while the request was transferred never reaches the new département.",
        "transfer",
        "shared.messaging.journal:move_stream",
        skipped,
        within=f"{INTAKE}.usecases.consumed:_apply",
    ),
    bug(
        "crossed_exchanges_stay_behind",
        "What came for a case that was handed on, before the next one was open, is not in the next one.",
        "transfer",
        f"{QUALIFICATION}.store.exchanges:take_over",
        skipped,
        within=f"{QUALIFICATION}.usecases.consumed_messages:add_early",
    ),
    bug(
        "early_exchanges_not_stored",
        "What reaches an instance before the transfer that brings its case is counted as applied and lost.",
        "transfer",
        f"{QUALIFICATION}.usecases.consumed_messages:store_early",
        skipped,
    ),
    bug(
        "old_return_reopens_the_next_case",
        "What the national team returned to an earlier département reopens the case of the next one: two owners.",
        "transfer",
        f"{QUALIFICATION}.usecases.consumed_steps:_reopen",
        around(_of_any_departement),
    ),
)
