"""No event can come near what a broker refuses: the worst case of each type, computed from the bounds of its fields.

The contracts name no lengths, so that what was published is always read. The bounds stand where something is typed,
taken from elsewhere, or counted; here they are listed, and a field without one fails the test.
"""

from datetime import date
from enum import StrEnum
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import pytest
from pydantic import AwareDatetime, BaseModel

from services.escalation.domain.dossier import MOST_CARRIED
from services.intake.usecases.answer_forms import LONGEST_EXPLANATION, LONGEST_FIELD, MOST_ERRORS
from services.notifications.adapters.mail_reader import LONGEST_NAME as LONGEST_SENDER
from services.notifications.domain.deliveries import LONGEST_ANSWER
from services.notifications.domain.mail_text import LONGEST_REPLY
from services.qualification.domain.handing_over import LARGEST_PART, LATEST_STEPS
from services.qualification.domain.proposal import LONGEST_ANSWERS
from services.qualification.usecases.pacts.opening import MOST_PARTIES
from shared.contracts import FACTS, escalation, forms, intake, notifications, qualification
from shared.contracts.fact import Actor, Email, Fact
from shared.contracts.vocabulary import ApplicantKind
from shared.documents import EXTENSIONS, LONGEST_NAME, MOST_FILES
from shared.french.words import EVENT
from shared.identity.store import LONGEST_QUALITY
from shared.territory import Territories
from shared.territory.administrative_courts import jurisdictions
from shared.withdrawals import MOST_ANSWERED

LARGEST_EVENT: Final = 1024 * 1024
"""What the journal refuses to record."""
ENVELOPE: Final = 4 * 1024
"""Bytes around the data: identifiers of at most 300 characters, times and a trace."""
A_CHARACTER: Final = 6
"""Bytes of the longest form of a character in JSON: a control character is escaped."""

LONGEST_EMAIL: Final = 254
PLAIN: Final[dict[Any, int]] = {type(None): 4, bool: 5, int: 20, UUID: 38, date: 12, AwareDatetime: 36}
"""Bytes of what has one form."""

TEXT: Final = 10_000
"""What people type in a large field (`Text` of the services' bodies and forms)."""
LINE: Final = 200
"""What people type in a line."""
CODE: Final = 20

CHARACTERS: Final[dict[tuple[type[BaseModel], str], int]] = {
    (Actor, "name"): LINE,
    (escalation.Decision, "number"): CODE,
    (escalation.Decision, "corrects"): CODE,
    (escalation.Decision, "signatory"): LINE,
    (escalation.Decision, "recused"): LINE,
    (escalation.Decision, "override_reason"): TEXT,
    (escalation.AccompanimentCompleted, "carry_reason"): TEXT,
    (escalation.OpenPoint, "label"): LINE,
    (escalation.Decision, "motive"): TEXT,
    (escalation.Decision, "reserve"): TEXT,
    (escalation.Terms, "reserve"): TEXT,
    (escalation.Decision, "appeal"): TEXT,
    (forms.FieldRefused, "field"): LONGEST_FIELD,
    (forms.FieldRefused, "message"): LONGEST_EXPLANATION,
    (forms.RequestRefused, "detail"): LONGEST_EXPLANATION,
    (forms.Answer, "filed_from"): 300,
    (forms.Answer, "filed_id"): 300,
    (forms.RequestAccepted, "tracking_url"): 2_000,
    (intake.RequestSubmitted, "filed_from"): 300,
    (intake.Request, "engineering_sought"): 4_000,
    (intake.EvaluationSubmitted, "impact"): 4_000,
    (intake.EvaluationSubmitted, "comment"): 4_000,
    (notifications.DeliveryFailed, "reason"): LONGEST_ANSWER,
    (notifications.ReplyReceived, "text"): LONGEST_REPLY + LONGEST_SENDER + 100,
    (qualification.DossierMessage, "text"): LONGEST_REPLY + LONGEST_SENDER + 100,
    (qualification.ProviderTried, "answer"): 0,  # counted together: TOGETHER
    (qualification.InformationRequested, "items"): 1_000,
    (qualification.PactOpened, "parties"): LINE,
    (qualification.Act, "quality"): LONGEST_QUALITY,
}
"""Fields whose bound is not the one of their name."""

BYTES: Final[dict[tuple[type[BaseModel], str], int]] = {
    (intake.Applicant, "communes"): CODE,
    (intake.Applicant, "departements"): CODE,
    (intake.Document, "name"): 4 * LONGEST_NAME,
    (intake.Document, "media_type"): max(map(len, EXTENSIONS)),
    (intake.Document, "sha256"): 64,
    (qualification.Act, "court"): max(len(each.court.encode()) for each in jurisdictions().values()),
    (qualification.DossierStep, "type"): max(map(len, EVENT)),
    (qualification.DossierStep, "label"): max(len(word.encode()) for word in EVENT.values()),
}
"""Fields whose characters are chosen by us: from official lists, from our words, or printable ones only."""

BY_NAME: Final[dict[str, int]] = {
    **dict.fromkeys(
        ("text", "motive", "opinion", "description", "question", "report", "carry_reason", "cost_motive", "appeal"),
        TEXT,
    ),
    **dict.fromkeys(
        ("title", "name", "role", "resource", "lot", "purchase_order", "reference", "financer", "milestone", "author"),
        LINE,
    ),
    "sha256": 64,
    **dict.fromkeys(("deliverable", "what", "interlocutor", "provider", "party", "action", "address"), LINE),
    **dict.fromkeys(("number", "code", "departement", "from_departement", "region", "epci", "phone", "key"), 2 * CODE),
    **dict.fromkeys(("state", "void"), 2 * CODE),
    **dict.fromkeys(("email", "type", "template"), 254),
}

MOST: Final[dict[tuple[type[BaseModel], str], int]] = {
    (escalation.AccompanimentCompleted, "carried"): MOST_CARRIED,
    (escalation.Decision, "recused"): 100,
    (escalation.FinancingPlanned, "shares"): 50,
    (forms.RequestRefused, "errors"): MOST_ERRORS,
    (intake.Applicant, "communes"): 500,
    (intake.Applicant, "departements"): 110,
    (qualification.Dossier, "documents"): MOST_FILES,
    (qualification.Dossier, "history"): LATEST_STEPS,
    (qualification.Dossier, "messages"): 0,  # in dossiers that were published before
    (qualification.Evidence, "providers_tried"): 50,
    (qualification.InformationRequested, "items"): 30,
    (qualification.PactOpened, "parties"): MOST_PARTIES + 1,
    (qualification.RequestTransferred, "withdrawals_answered"): MOST_ANSWERED,
    **dict.fromkeys(((model, "fields") for model in (intake.Request, intake.EvaluationSubmitted)), 20),
    **dict.fromkeys(
        (
            (model, "support_types")
            for model in (intake.Request, escalation.Decision, escalation.Terms, qualification.SupportedLocally)
        ),
        10,
    ),
}
"""Items of each list."""

TOGETHER: Final[dict[tuple[type[BaseModel], str], int]] = {
    (qualification.Evidence, "providers_tried"): LONGEST_ANSWERS * A_CHARACTER,
    **{
        (model, name): LARGEST_PART
        for model in (qualification.ExchangesShared, qualification.ExchangesTransferred)
        for name in ("messages", "history")
    },
}
"""Bytes that the items of a list may have together, beside what is computed for them."""


def widest_coverage() -> int:
    """Give the bytes of all official territories of the département where these are the most."""
    territories, today = Territories.load(searchable=False), date(2026, 1, 1)
    together: dict[str, int] = {}
    for kind in set(ApplicantKind) - {ApplicantKind.PRIORITY}:
        for one in territories.all_of(kind):
            covered = escalation.CoveredTerritory(kind=kind, code=one.code, name=one.name, since=today, until=today)
            for code in one.departements:
                together[code] = together.get(code, 0) + len(covered.model_dump_json().encode()) + 1
    return max(together.values())


def size_of(model: type[BaseModel]) -> int:
    """Give the most bytes that a part of an event can have in JSON."""
    hints = get_type_hints(model, include_extras=True)
    fields = sum(len(name) + 6 + size(hints[name], model, name) for name in model.model_fields)
    return fields + 2


def size(kind: Any, model: type[BaseModel], name: str) -> int:
    """Give the most bytes that a field can have in JSON."""
    origin, inside = get_origin(kind), get_args(kind)
    if kind == Email:
        found = LONGEST_EMAIL * A_CHARACTER
    elif origin is Annotated:
        found = size(inside[0], model, name)
    elif origin in (Union, UnionType):
        found = max(size(one, model, name) for one in inside)
    elif origin is Literal:
        found = max(map(len, inside)) + 2
    elif origin is tuple:
        found = size_of_list(inside[0], model, name)
    elif kind in PLAIN:
        found = PLAIN[kind]
    elif issubclass(kind, BaseModel):
        found = size_of(kind)
    elif issubclass(kind, StrEnum):
        found = max(map(len, kind)) + 2
    elif (model, name) in BYTES:
        found = BYTES[model, name] + 2
    else:
        own = next((base for base in model.__mro__ if (base, name) in CHARACTERS), None)
        found = (CHARACTERS[own, name] if own else BY_NAME[name]) * A_CHARACTER + 2
    return found


def size_of_list(item: Any, model: type[BaseModel], name: str) -> int:
    """Give the most bytes that a list of items can have in JSON."""
    if item is escalation.CoveredTerritory:
        return widest_coverage()
    most = 1 if issubclass(model, qualification.ExchangesPart) else MOST[model, name]
    return most * (size(item, model, name) + 1) + TOGETHER.get((model, name), 0) + 2


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.wire_type)
def test_no_event_of_this_type_can_be_refused_for_its_size(fact: type[Fact]) -> None:
    assert size_of(fact) + ENVELOPE < LARGEST_EVENT
