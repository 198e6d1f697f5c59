"""Bugs where acts of two services cross: who answers a request to withdraw, and what follows from the answer."""

from tests.faults.teeth.bug import bug

BUGS = (
    bug(
        "withdrawal_answered_by_two",
        "The département answers a request to withdraw although the national team has the dossier.",
        "crossing",
        "services/qualification/domain/withdrawals.py",
        "    return RULINGS[state]\n",
        "    return VOID if state is State.ESCALATED else RULINGS[state]\n",
    ),
    bug(
        "withdrawn_money_stays_committed",
        "The département's money stays committed for a support that the applicant withdrew from.",
        "crossing",
        "services/qualification/usecases/withdrawing.py",
        "    await envelopes.release(tx, departement=case.departement, request_id=case.request_id, at=fact.at)\n",
        "",
    ),
    bug(
        "withdrawn_mobilisation_stays",
        "What was proposed for a dossier stays mobilised, and its money committed, though it was withdrawn.",
        "crossing",
        "services/escalation/usecases/withdrawing.py",
        "        await _cancel(tx, dossier, proposed, at)\n",
        "        pass\n",
    ),
    bug(
        "declined_withdrawal_stays_withdrawn",
        "The applicant's page stays withdrawn though the owner said that it was too late.",
        "crossing",
        "services/intake/domain/request.py",
        "            self.standing = asked.beneath\n",
        "            pass\n",
    ),
    bug(
        "waiting_withdrawal_forgotten",
        "A request to withdraw that arrived while another service had the request is not answered after its return.",
        "crossing",
        "services/qualification/usecases/following.py",
        "        await withdrawing.answer_pending(tx, case, at)\n",
        "        pass\n",
    ),
    bug(
        "information_hides_the_answer",
        "Information that crosses the département's answer puts the request back under examination for good.",
        "crossing",
        "services/intake/domain/request.py",
        '        if self.status == "awaiting_information":\n            self._stand_at(fact, meaning)\n',
        "        self._move(fact, meaning)\n",
    ),
    bug(
        "transfer_leaves_the_stream_behind",
        "What the applicant did while the request was transferred never reaches the new département.",
        "transfer",
        "services/intake/usecases/hear.py",
        "    if tracked.departement != before:\n",
        "    if False:\n",
    ),
    bug(
        "crossed_exchanges_stay_behind",
        "What came for a case that was handed on, before the next one was open, is not in the next one.",
        "transfer",
        "services/qualification/usecases/conversing.py",
        "    await exchanges.take_over(tx, case, [fact.wire_type for fact in SENT])\n",
        "",
    ),
    bug(
        "early_exchanges_not_stored",
        "What reaches an instance before the transfer that brings its case is counted as applied and lost.",
        "transfer",
        "services/qualification/usecases/conversing.py",
        "        await early_notes.add(tx, fact)\n",
        "        pass\n",
    ),
)
