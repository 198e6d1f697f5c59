"""What somebody has typed so far, read as a request: step by step, with the errors of each."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError

from services.intake.usecases.file_request import check
from shared.commands import cents_of
from shared.contracts.forms import FiledApplicant, FiledRequest
from shared.contracts.vocabulary import FIELDS_OF, SUPPORT_TYPES_OF, ApplicantKind, RequestKind
from shared.errors import FieldError, Invalid
from shared.territory.identification import Identified
from shared.territory.territories import Territories
from shared.web.validation import field_errors

Answers = Mapping[str, Any]

SEVERAL_DEPARTEMENTS: Final = frozenset({ApplicantKind.EPCI, ApplicantKind.REGION, ApplicantKind.PRIORITY})


class Typed(BaseModel):
    """Whatever a step's form holds; it is read as a whole request afterwards."""

    model_config = ConfigDict(extra="allow")


@dataclass(frozen=True, slots=True)
class Step:
    """One page of the form: its address, its place on the thread, its question and the fields it asks for."""

    name: str
    stitch: str
    question: str
    fields: tuple[str, ...]

    def owns(self, field: str) -> bool:
        """Tell whether an error of this field is put right on this page."""
        return any(field == own or field.startswith(f"{own}.") for own in self.fields)


STEPS: Final = (
    Step("collectivite", "Territoire", "Qui fait la demande\u00a0?", ("applicant.kind",)),
    Step(
        "territoire",
        "Territoire",
        "Quel est votre territoire\u00a0?",
        ("applicant.code", "applicant.name", "applicant.communes"),
    ),
    Step("departement", "Territoire", "Quel département suivra votre demande\u00a0?", ("lead_departement",)),
    Step("contact", "Contact", "Qui pouvons-nous joindre\u00a0?", ("contact",)),
    Step("besoin", "Besoin", "De quoi avez-vous besoin\u00a0?", ("kind",)),
    Step("projet", "Projet", "Quel est votre projet\u00a0?", ("title", "description")),
    Step(
        "precisions",
        "Précisions",
        "Quelques précisions",
        ("support_types", "fields", "programme", "budget_cents", "desired_start", "engineering_sought"),
    ),
    Step("documents", "Documents", "Avez-vous des documents à joindre\u00a0?", ("documents",)),
)
BY_NAME: Final = {step.name: step for step in STEPS}
SUMMARY: Final = "recapitulatif"
FILED: Final = "deposee"


def step_after(name: str, found: Identified | None) -> str:
    """Tell which page comes next; the département is asked for only where there is a choice."""
    names = [step.name for step in STEPS if step.name != "departement" or must_choose(found)]
    if name not in names:
        return "contact"
    place = names.index(name) + 1
    return names[place] if place < len(names) else SUMMARY


def must_choose(found: Identified | None) -> bool:
    """Tell whether the territory leaves a choice of the département in charge."""
    if found is None:
        return False
    return found.territory.kind in SEVERAL_DEPARTEMENTS and len(found.territory.departements) > 1


def has_default_departement(found: Identified) -> bool:
    """Tell whether one département is the natural one: that of most inhabitants, except for a région."""
    return found.territory.kind is not ApplicantKind.REGION


def kind_of_applicant(answers: Answers) -> ApplicantKind | None:
    """Give the kind of territory that was chosen, if it is one."""
    typed = answers.get("applicant.kind")
    return ApplicantKind(typed) if typed in list(ApplicantKind) else None


def kind_of_request(answers: Answers) -> RequestKind | None:
    """Give the kind of request that was chosen, if it is one."""
    typed = answers.get("kind")
    return RequestKind(typed) if typed in list(RequestKind) else None


@dataclass(frozen=True, slots=True)
class Reading:
    """A draft read as a request: what can be filed, or what is wrong; `found` is the territory when it is known."""

    filed: FiledRequest | None
    errors: tuple[FieldError, ...]
    found: Identified | None
    answered: frozenset[str] = frozenset()

    def errors_of(self, step: Step) -> dict[str, str]:
        """Give the errors that are put right on one page, by field; the first of each."""
        told: dict[str, str] = {}
        for error in self.errors:
            if step.owns(error.field):
                told.setdefault(_shown_field(error.field), error.message)
        return told

    def is_right(self, step: Step) -> bool:
        """Tell whether nothing is wrong on one page, be it that nobody has seen it."""
        return not any(step.owns(error.field) for error in self.errors)

    def is_done(self, step: Step) -> bool:
        """Tell whether one page was answered, and rightly; the choice of a département only where there is one."""
        seen = step.name == "departement" or any(step.owns(name) for name in self.answered)
        return seen and self.is_right(step)


def read(territories: Territories, answers: Answers, *, at: datetime) -> Reading:
    """Read all that was typed; errors of every page are told at once."""
    errors: list[FieldError] = []
    body = _body(answers, errors)
    found = _territory(territories, body, errors)
    filed: FiledRequest | None = None
    try:
        filed = FiledRequest.model_validate(body)
    except ValidationError as invalid:
        found_wrong = invalid.errors()
        errors += [
            error if wrong["type"] in TOO_LONG else FieldError(error.field, WORDS.get(error.field, error.message))
            for wrong, error in zip(found_wrong, field_errors(found_wrong), strict=True)
        ]
    if body.get("kind") == RequestKind.PROGRAMME and not body.get("programme"):
        errors.append(FieldError("programme", "Choisissez le programme."))
    if filed is not None:
        try:
            found = check(territories, filed, at=at)
        except Invalid as refusal:
            known = {error.field for error in errors}
            errors += [error for error in refusal.errors if error.field not in known]
    return Reading(filed if not errors else None, tuple(errors), found, frozenset(answers))


WORDS: Final[Mapping[str, str]] = {
    "contact.email": "Donnez une adresse électronique complète, comme mairie@exemple.fr.",
    "contact.phone": "Donnez un numéro de téléphone, comme 01 34 25 26 00.",
    "applicant.kind": "Choisissez le type de votre collectivité.",
    "kind": "Choisissez ce que vous demandez.",
    "contact.name": "Écrivez le nom de la personne à joindre.",
    "contact.role": "Écrivez sa fonction.",
    "title": "Donnez un intitulé à votre projet.",
    "description": "Décrivez votre projet en quelques phrases.",
}
"""What to do, for fields where the common sentence would not say it."""

TOO_LONG: Final = frozenset({"string_too_long", "too_long", "decimal_max_places", "decimal_max_digits"})
"""Kinds of pydantic's errors of which the common sentence tells the limit."""


def _body(answers: Answers, errors: list[FieldError]) -> dict[str, Any]:
    """Arrange what was typed as a request is filed; blank is not given, and what the kind does not take is left out."""
    kind, applicant = kind_of_request(answers), kind_of_applicant(answers)
    is_priority = applicant is ApplicantKind.PRIORITY
    body: dict[str, Any] = {
        "applicant": _given(
            kind=answers.get("applicant.kind"),
            code=None if is_priority else answers.get("applicant.code"),
            name=answers.get("applicant.name") if is_priority else None,
            communes=answers.get("applicant.communes") if is_priority else None,
        ),
        "contact": _given(
            name=answers.get("contact.name"),
            role=answers.get("contact.role"),
            email=answers.get("contact.email"),
            phone=answers.get("contact.phone"),
        ),
        "support_types": _allowed(answers.get("support_types"), SUPPORT_TYPES_OF[kind] if kind else ()),
        "fields": _allowed(answers.get("fields"), FIELDS_OF[kind] if kind else ()),
    }
    budget = answers.get("budget_cents") or None
    try:
        budget = cents_of(budget)
    except PydanticCustomError as wrong:
        errors.append(FieldError("budget_cents", wrong.message()))
        budget = None
    body |= _given(
        kind=answers.get("kind"),
        title=answers.get("title"),
        description=answers.get("description"),
        programme=answers.get("programme") if kind is RequestKind.PROGRAMME else None,
        budget_cents=budget,
        desired_start=answers.get("desired_start"),
        engineering_sought=answers.get("engineering_sought"),
        lead_departement=answers.get("lead_departement") if applicant in SEVERAL_DEPARTEMENTS else None,
    )
    return body


def _territory(territories: Territories, body: Mapping[str, Any], errors: list[FieldError]) -> Identified | None:
    """Find the territory as soon as it is told, before the rest is."""
    try:
        applicant = FiledApplicant.model_validate(body["applicant"])
    except ValidationError:
        return None
    asked = (applicant.kind, applicant.code, applicant.communes)
    try:
        return territories.identify(*asked, body.get("lead_departement"), applicant.name)
    except Invalid as refusal:
        errors += refusal.errors
    if any(error.field != "lead_departement" for error in errors):
        return None
    return _with_any_departement(territories, asked, applicant.name)


def _with_any_departement(
    territories: Territories, asked: tuple[ApplicantKind, str, list[str]], name: str | None
) -> Identified | None:
    """Give a territory whose département is still to be chosen, so that the choice can be shown."""
    official = territories.find(asked[0], asked[1])
    try:
        return territories.identify(*asked, official.departements[0] if official else None, name)
    except Invalid:
        return None


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "", [])}


def _allowed(chosen: Any, allowed: Iterable[str]) -> list[str]:
    return [value for value in as_list(chosen) if value in set(allowed)]


def as_list(value: Any) -> list[str]:
    """Read checkboxes: one that is ticked comes as text, several as a list."""
    if isinstance(value, list):
        return [str(item) for item in value if item]
    return [value] if value else []


def _shown_field(field: str) -> str:
    """Give the name under which a page asks for a field: places in lists belong to the list."""
    return field.rsplit(".", 1)[0] if field.rsplit(".", 1)[-1].isdecimal() else field


def groups(names: Iterable[Step]) -> Iterator[str]:
    """Give the stitches of the form's thread, each once."""
    yield from dict.fromkeys(step.stitch for step in names)
