"""The proposal of an outcome: the command that proposes it, and what each outcome must and must not say."""

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Final, NamedTuple
from uuid import UUID

from pydantic import AwareDatetime, StringConstraints
from pydantic import Field as Bounds

from services.qualification.domain.inputs import LARGEST_AMOUNT
from services.qualification.domain.refusals import EvidenceMissing
from shared.commands import AS_IT_READS, Amount, Command
from shared.contracts.fact import Actor, Value
from shared.contracts.qualification import Evidence
from shared.contracts.vocabulary import SUPPORT_TYPES_OF as ALLOWED
from shared.contracts.vocabulary import EscalationMotive, Outcome, Programme, RequestKind, SupportType
from shared.errors import FieldError, Invalid
from shared.french.words import OUTCOME, SUPPORT_TYPE


class Tried(Command):
    """A local provider that was asked, and what it answered."""

    provider_id: UUID | None = None
    answer: Annotated[str, StringConstraints(strip_whitespace=True, max_length=4_000), AS_IT_READS] = ""


class Propose(Command):
    """An answer of the département; which members count depends on the outcome. `amount_cents` in euro cents."""

    outcome: Outcome
    motive: Annotated[str, StringConstraints(strip_whitespace=True, max_length=10_000), AS_IT_READS] | None = None
    provider_id: UUID | None = None
    support_types: list[SupportType] = Bounds(default_factory=list, max_length=10)
    amount_cents: Amount | None = Bounds(default=None, ge=0, le=LARGEST_AMOUNT)
    programme: Programme | None = None
    motive_code: EscalationMotive | None = None
    providers_tried: list[Tried] = Bounds(default_factory=list, max_length=50)
    opinion: Annotated[str, StringConstraints(strip_whitespace=True, max_length=10_000), AS_IT_READS] | None = None
    departement: Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, max_length=3)] | None = None


class Proposal(Value):
    """An outcome that waits for its validation, or was validated."""

    outcome: Outcome
    motive: str
    by: Actor
    at: AwareDatetime
    provider_id: UUID | None = None
    provider_name: str | None = None
    support_types: tuple[SupportType, ...] = ()
    amount_cents: int | None = None
    programme: Programme | None = None
    evidence: Evidence | None = None
    departement: str | None = None
    validated_by: Actor | None = None
    validated_at: AwareDatetime | None = None


class Returned(Value):
    """A proposal that was rejected, with the motive, or that its author took back."""

    proposal: Proposal
    by: Actor
    at: AwareDatetime
    motive: str | None = None


FIELDS: Final[Mapping[Outcome, tuple[str, ...]]] = {
    Outcome.LOCAL_ORIENTATION: ("provider_id",),
    Outcome.LOCAL_SUPPORT: ("support_types", "amount_cents"),
    Outcome.PROGRAMME: ("programme",),
    Outcome.ESCALATION: ("motive_code", "providers_tried", "opinion"),
    Outcome.REFUSAL: (),
    Outcome.TRANSFER: ("departement",),
}
"""What each outcome says beside its motive."""

LONGEST_ANSWERS: Final = 20_000
"""Characters that the answers of all providers who were asked may have together: they cross in one event."""

WITHOUT_QUALIFICATION: Final = frozenset({Outcome.REFUSAL, Outcome.TRANSFER})
"""A request that is not for us is refused or handed on without being qualified."""


class _Asked(NamedTuple):
    draft: Propose
    kind: RequestKind
    departement: str
    somebody_local: bool


def check(draft: Propose, kind: RequestKind, departement: str, *, somebody_local: bool) -> None:
    """Refuse a draft that lacks what its outcome needs, or says what belongs to another one.

    `somebody_local`: the catalogue has a provider that matches the request. Refusals: `EvidenceMissing` for an
    escalation without its evidence, else `Invalid`; all wrong fields at once.
    """
    if sum(len(tried.answer) for tried in draft.providers_tried) > LONGEST_ANSWERS:
        raise Invalid.field(
            "providers_tried",
            f"Les réponses des acteurs locaux dépassent ensemble {LONGEST_ANSWERS} caractères\u00a0: résumez-les.",
        )
    foreign = list(_foreign(draft))
    motive = [] if _given(draft.motive) else [FieldError("motive", "Indiquez le motif de cette réponse.")]
    own = list(_CHECKS[draft.outcome](_Asked(draft, kind, departement, somebody_local)))
    if draft.outcome is Outcome.ESCALATION and own:
        raise EvidenceMissing([*own, *motive, *foreign])
    if errors := [*motive, *own, *foreign]:
        raise Invalid(errors)


def _foreign(draft: Propose) -> Iterator[FieldError]:
    wanted = FIELDS[draft.outcome]
    fields = ", ".join(("motive", *wanted))
    for name in (field for fields in FIELDS.values() for field in fields if field not in wanted):
        if getattr(draft, name) not in (None, [], ""):
            yield FieldError(
                name,
                f"Ce champ ne concerne pas la réponse «\u00a0{OUTCOME[draft.outcome]}\u00a0». "
                f"Champs attendus\u00a0: {fields}.",
            )


def _local_orientation(asked: _Asked) -> Iterator[FieldError]:
    if asked.draft.provider_id is None:
        yield FieldError("provider_id", "Choisissez l’acteur local qui sera sollicité.")


def _local_support(asked: _Asked) -> Iterator[FieldError]:
    allowed = ALLOWED[asked.kind] or frozenset(SupportType)
    if not asked.draft.support_types:
        yield FieldError("support_types", "Choisissez au moins un type d’accompagnement.")
    elif not allowed.issuperset(asked.draft.support_types):
        names = ", ".join(SUPPORT_TYPE[each] for each in SupportType if each in allowed)
        yield FieldError("support_types", f"Types d’accompagnement possibles pour cette demande\u00a0: {names}.")
    if asked.draft.amount_cents is None:
        yield FieldError("amount_cents", "Indiquez le montant du soutien.")


def _programme(asked: _Asked) -> Iterator[FieldError]:
    if asked.draft.programme is None:
        yield FieldError("programme", "Choisissez le programme national.")


def _escalation(asked: _Asked) -> Iterator[FieldError]:
    if asked.draft.motive_code is None:
        yield FieldError("motive_code", "Choisissez pourquoi le département ne peut pas répondre seul.")
    if not asked.draft.providers_tried:
        if asked.draft.motive_code is EscalationMotive.LOCAL_OFFER_INSUFFICIENT:
            yield FieldError("providers_tried", "Indiquez au moins un acteur local sollicité et sa réponse.")
        elif asked.draft.motive_code is EscalationMotive.NO_LOCAL_OFFER and asked.somebody_local:
            yield FieldError(
                "providers_tried",
                "L’annuaire propose des acteurs locaux pour cette demande\u00a0: indiquez ceux qui ont été sollicités "
                "et leur réponse.",
            )
    for place, tried in enumerate(asked.draft.providers_tried):
        if tried.provider_id is None:
            yield FieldError(f"providers_tried.{place}.provider_id", "Choisissez l’acteur qui a donné cette réponse.")
        if not _given(tried.answer):
            yield FieldError(f"providers_tried.{place}.answer", "Indiquez ce que cet acteur a répondu.")
    if not _given(asked.draft.opinion):
        yield FieldError("opinion", "Indiquez l’avis du préfet.")


def _refusal(_: _Asked) -> Iterator[FieldError]:
    yield from ()


def _transfer(asked: _Asked) -> Iterator[FieldError]:
    if not _given(asked.draft.departement):
        yield FieldError("departement", "Indiquez le département qui prendra la demande en charge.")
    elif asked.draft.departement == asked.departement:
        yield FieldError("departement", "La demande est déjà suivie par ce département.")


_CHECKS: Final[Mapping[Outcome, Callable[[_Asked], Iterator[FieldError]]]] = {
    Outcome.LOCAL_ORIENTATION: _local_orientation,
    Outcome.LOCAL_SUPPORT: _local_support,
    Outcome.PROGRAMME: _programme,
    Outcome.ESCALATION: _escalation,
    Outcome.REFUSAL: _refusal,
    Outcome.TRANSFER: _transfer,
}


def _given(text: str | None) -> bool:
    return bool(text and text.strip())
