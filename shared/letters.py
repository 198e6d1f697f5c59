"""Letters to an applicant, made from the facts of one event alone, so that every service makes the same letter.

Each answer of a département is a letter; the acknowledgement of a filing is another. What they say stands here, what
they look like in `shared/web/letters.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID, uuid5

from pydantic import AwareDatetime, TypeAdapter

from shared.calendar import today
from shared.contracts import qualification as facts
from shared.contracts.fact import Fact, Value
from shared.contracts.intake import Document, Request
from shared.contracts.vocabulary import ApplicantKind, Programme, SupportType
from shared.french.dates import date_fr
from shared.french.numbers import euros
from shared.french.words import word
from shared.territory.administrative_courts import of_departement

Facts = tuple[tuple[str, str], ...]
"""Terms and their values, as a letter lists them."""


@dataclass(frozen=True, slots=True)
class AnswerLetter:
    """The letter by which a département answers: who writes to whom, about what, what is decided and why.

    `departement` is the writer's. `contestation` is how the decision can be contested; None where it refuses nothing.
    """

    at: datetime
    departement: str
    service: facts.Service
    number: str
    addressee: tuple[str, ...]
    subject: str
    title: str
    decision: str
    terms: Facts
    motive: str | None
    next_step: str | None
    author: str
    quality: str
    contestation: str | None

    @property
    def file_name(self) -> str:
        """The name of the file, without its suffix."""
        return f"reponse-{self.number}-{today(self.departement, self.at)}"


@dataclass(frozen=True, slots=True)
class AcknowledgementLetter:
    """The acknowledgement of a filed request; `whole` with what its applicant typed."""

    number: str
    submitted_at: datetime
    departement: str
    service: facts.Service
    applicant: str | None
    title: str | None
    filed: Facts
    description: str | None
    documents: tuple[tuple[str, int], ...]
    whole: bool

    @property
    def file_name(self) -> str:
        """The name of the file, without its suffix."""
        return f"accuse-de-reception-{self.number}"


@dataclass(frozen=True, slots=True)
class About:
    """What a letter says of the request that it answers."""

    number: str
    title: str
    submitted_at: datetime
    applicant: str
    contact_name: str
    contact_role: str

    @classmethod
    def of(cls, request: Request) -> "About":
        """Take it from the request as it was filed."""
        contact = request.contact
        return cls(
            request.number, request.title, request.submitted_at, request.applicant.name, contact.name, contact.role
        )


class Answer(Value):
    """What the letter of an answer is made from: the type of its event, and its members that an applicant reads.

    `departement` is the one that answers, `to_departement` the one that a transfer leads to.
    """

    type: str
    at: AwareDatetime
    departement: str
    act: facts.Act
    motive: str | None = None
    support_types: tuple[SupportType, ...] = ()
    amount_cents: int | None = None
    programme: Programme | None = None
    provider: str | None = None
    until: date | None = None
    to_departement: str | None = None


def answer_of(fact: Fact) -> Answer | None:
    """Return what the letter of a fact is made from; None where it has none.

    Answers that do not name their author were published before November 2026: their applicants got no letter.
    """
    act = getattr(fact, "act", None)
    if fact.wire_type not in _SAID or not isinstance(act, facts.Act):
        return None
    read = {name: getattr(fact, name, None) for name in ("motive", "amount_cents", "programme", "until")}
    transfer = fact if isinstance(fact, facts.RequestTransferred) else None
    return Answer(
        **read,
        type=fact.wire_type,
        at=fact.at,
        departement=transfer.from_departement if transfer else fact.departement,
        act=act,
        support_types=getattr(fact, "support_types", ()),
        provider=fact.provider.name if isinstance(fact, facts.OrientedLocally) else None,
        to_departement=transfer.departement if transfer else None,
    )


def letter_id(request_id: UUID, answer: Answer) -> UUID:
    """Return what identifies a letter, the same in every service."""
    return uuid5(request_id, f"{answer.type} {answer.at.isoformat()}")


def answer_letter(answer: Answer, about: About) -> AnswerLetter:
    """Return the letter of an answer."""
    said, act = _SAID[answer.type](answer), answer.act
    return AnswerLetter(
        at=answer.at,
        departement=answer.departement,
        service=act.service,
        number=about.number,
        addressee=(_spoken(about.applicant), f"{about.contact_name}, {about.contact_role}"),
        subject=f"Votre demande du {date_fr(about.submitted_at, answer.departement)}, «\u00a0{about.title}\u00a0»",
        title=said.title,
        decision=said.decision,
        terms=said.terms,
        motive=answer.motive,
        next_step=said.next_step,
        author=act.author,
        quality=act.quality,
        contestation=act.appeal,
    )


def acknowledgement_letter(
    request: Request,
    *,
    departement: str,
    service: facts.Service,
    communes: str = "",
    documents: tuple[Document, ...] = (),
    whole: bool = True,
) -> AcknowledgementLetter:
    """Return the acknowledgement of a request.

    `communes` names those of a priority territory. Without `whole` nothing is in it that the applicant typed: it goes
    to an address that anybody may have named.
    """
    official = request.applicant.kind is not ApplicantKind.PRIORITY
    return AcknowledgementLetter(
        number=request.number,
        submitted_at=request.submitted_at,
        departement=departement,
        service=service,
        applicant=_spoken(request.applicant.name) if whole or official else None,
        title=request.title if whole else None,
        filed=filed(request, communes=communes, whole=whole),
        description=request.description if whole else None,
        documents=tuple((document.name, document.size) for document in documents) if whole else (),
        whole=whole,
    )


LETTER: Final[TypeAdapter[AnswerLetter | AcknowledgementLetter]] = TypeAdapter(AnswerLetter | AcknowledgementLetter)
"""Reads and writes a letter that waits to be sent."""


def filed(request: Request, *, communes: str = "", whole: bool = True) -> Facts:
    """Return what was filed, in words, without what is empty; without `whole` nothing that the applicant typed."""
    applicant, contact = request.applicant, request.contact
    named = whole or applicant.kind is not ApplicantKind.PRIORITY
    kind = word(applicant.kind)
    typed = (
        ("Contact", f"{contact.name}, {contact.role}"),
        ("Joindre", ", ".join(filter(None, (contact.email, contact.phone)))),
    )
    known = (
        ("Territoire", f"{_spoken(applicant.name)} ({kind[0].lower()}{kind[1:]})" if named else kind),
        ("Communes", communes),
        *(typed if whole else ()),
        ("Besoin", word(request.kind)),
        ("Programme", word(request.programme) if request.programme else ""),
        ("Accompagnement", ", ".join(map(word, request.support_types))),
        ("Champs d’intervention", ", ".join(map(word, request.fields))),
        ("Budget estimé", euros(request.budget_cents) if request.budget_cents is not None else ""),
        ("Démarrage souhaité", date_fr(request.desired_start) if request.desired_start else ""),
        ("Ingénierie déjà recherchée", (request.engineering_sought or "") if whole else ""),
    )
    return tuple((term, value) for term, value in known if value)


@dataclass(frozen=True, slots=True)
class _Said:
    """What the letter of one outcome says of its own."""

    title: str
    decision: str
    terms: Facts = ()
    next_step: str | None = None


def _refused(_: Answer) -> _Said:
    return _Said(
        title="Refus de la demande",
        decision="Après examen, j’ai décidé de ne pas retenir cette demande.",
        next_step="Le service se tient à votre disposition pour en parler.",
    )


def _supported(answer: Answer) -> _Said:
    return _Said(
        title="Soutien du projet par le département",
        decision="Après examen, j’ai décidé de soutenir ce projet, dans les conditions suivantes.",
        terms=(
            ("Accompagnement", ", ".join(map(word, answer.support_types))),
            *((("Montant", euros(answer.amount_cents)),) if answer.amount_cents else ()),
        ),
        next_step="Le service prend contact avec vous pour mettre ce soutien en place.",
    )


def _oriented(answer: Answer) -> _Said:
    return _Said(
        title="Orientation vers un acteur local",
        decision="Après examen, j’ai décidé de confier cette demande à un acteur de l’ingénierie locale, qui est "
        "sollicité.",
        terms=(("Acteur local", answer.provider or ""), ("Réponse attendue au plus tard le", date_fr(answer.until))),
        next_step="Ses coordonnées vous sont données dès qu’il accepte. S’il ne peut pas vous accompagner, l’examen de "
        "la demande reprend et le service vous l’écrit.",
    )


def _directed(answer: Answer) -> _Said:
    return _Said(
        title="Orientation vers un programme national",
        decision="Après examen, j’ai décidé de confier cette demande à l’équipe d’un programme national.",
        terms=(("Programme", word(answer.programme) if answer.programme else ""),),
        next_step="Vous n’avez rien à refaire\u00a0: le dossier est transmis en entier. Le service du département "
        "reste votre interlocuteur.",
    )


def _escalated(_: Answer) -> _Said:
    return _Said(
        title="Transmission à l’équipe nationale",
        decision="Après examen, j’ai décidé de transmettre cette demande à l’équipe nationale de l’Agence nationale "
        "de la cohésion des territoires (ANCT), qui l’examine à son tour.",
        next_step="Vous n’avez rien à refaire\u00a0: le dossier est transmis en entier. Le service du département "
        "reste votre seul interlocuteur et vous annonce chaque étape.",
    )


def _transferred(answer: Answer) -> _Said:
    return _Said(
        title="Transmission à un autre département",
        decision="Après examen, j’ai décidé de transmettre cette demande au service compétent dans le département "
        f"{of_departement(answer.to_departement or '')}, qui la suit désormais.",
        next_step="Vous n’avez rien à refaire\u00a0: le dossier est transmis en entier, et le lien de suivi reste le "
        "même.",
    )


_SAID: Final[Mapping[str, Callable[[Answer], _Said]]] = {
    facts.OrientedLocally.wire_type: _oriented,
    facts.SupportedLocally.wire_type: _supported,
    facts.DirectedToProgramme.wire_type: _directed,
    facts.RequestEscalated.wire_type: _escalated,
    facts.RequestRefused.wire_type: _refused,
    facts.RequestTransferred.wire_type: _transferred,
}

ANSWER_TYPES: Final = tuple(_SAID)
"""The wire types of the facts by which a département answers."""


def _spoken(name: str) -> str:
    """Write the name of a territory with the apostrophe of printed French."""
    return name.replace("'", "’")
