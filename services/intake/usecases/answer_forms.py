"""Answer a foreign form: the request is filed or refused; repeated filings get the same answer."""

import json
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

from services.intake.store import form_answers
from services.intake.store.form_answers import Answer
from services.intake.usecases.filing import Filed
from shared.db import Transaction
from shared.errors import Forbidden, Invalid, Refusal

NOWHERE: Final = "00"
"""The département of an answer to what could not be placed anywhere."""

MOST_ERRORS: Final = 50
LONGEST_FIELD: Final = 200
LONGEST_EXPLANATION: Final = 1_000
"""Bounds of `request_refused`: a form may send any number of members, with names of any length."""

_ANSWERS: Final = UUID("0b0d5c1e-4c3a-5f0e-9a57-3a6f3c2f7d11")
"""The name space of the ids of answers: the same answer to the same filing has the same id."""


class FiledIdReused(Invalid):
    """A form filed another request under an id that it has used; nothing was filed."""

    code = "filed_id_reused"
    title = "This id was used for another request"
    sentence = (
        "Cet identifiant (id) a déjà servi pour une autre demande de ce formulaire\u00a0: rien n’a été déposé. "
        "Donnez un nouvel identifiant à chaque demande."
    )


class FilingUnreadable(Invalid):
    """What a form published is no CloudEvents envelope of a filed request."""

    code = "filing_unreadable"
    title = "The message cannot be read"
    sentence = (
        "Ce message ne peut pas être lu\u00a0: il faut une enveloppe CloudEvents 1.0 en JSON, avec specversion, id, "
        "source, type et data. Rien n’a été déposé."
    )


class FilingDamaged(Invalid):
    """The body is not the one that the form hashed; nothing was filed."""

    code = "filing_damaged"
    title = "The body does not fit its hash"
    sentence = (
        "Ce message ne correspond pas à son empreinte (en-tête cousu-sha256)\u00a0: rien n’a été déposé. "
        "Envoyez-le de nouveau."
    )


class NotForThisAccount(Forbidden):
    """A form published something else than a request under its own source; nothing was filed."""

    code = "not_for_this_account"
    title = "This account may only file requests under its own source"
    sentence = (
        "Ce compte ne peut que déposer des demandes (type forms.request_filed.v1), sous sa propre source et avec la "
        "clé de routage forms.request_filed.<département>. Rien n’a été déposé."
    )


async def accept(tx: Transaction, filed: Filed, *, filed_from: str, filed_id: str) -> None:
    """Answer a form with the number and the tracking link of the request that it filed."""
    answer = Answer(
        event_id=_id_of(filed_from, filed_id, filed.number),
        filed_from=filed_from,
        filed_id=filed_id,
        at=filed.at,
        request_id=filed.id,
        departement=filed.departement,
        number=filed.number,
        refusal=None,
    )
    await form_answers.add(tx, answer)


async def refuse(tx: Transaction, refusal: Refusal, *, filed_from: str, filed_id: str, at: datetime) -> None:
    """Answer a form that what it filed cannot be taken, and why."""
    errors = refusal.errors if isinstance(refusal, Invalid) else ()
    problem: dict[str, Any] = {
        "code": refusal.code,
        "detail": refusal.detail[:LONGEST_EXPLANATION],
        "errors": [
            {"field": error.field[:LONGEST_FIELD], "message": error.message[:LONGEST_EXPLANATION]}
            for error in errors[:MOST_ERRORS]
        ],
    }
    made = _id_of(filed_from, filed_id, json.dumps(problem))
    answer = Answer(
        event_id=made,
        filed_from=filed_from,
        filed_id=filed_id,
        at=at,
        request_id=made,
        departement=NOWHERE,
        number=None,
        refusal=problem,
    )
    await form_answers.add(tx, answer)


def _id_of(filed_from: str, filed_id: str, content: str) -> UUID:
    return uuid5(_ANSWERS, json.dumps([filed_from, filed_id, content]))
