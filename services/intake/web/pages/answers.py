"""Parse the saved answers of the form into a request, with the errors of each page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError

from services.intake.domain.filing import errors_in
from services.intake.usecases.filing import Checked, identify, local_day
from shared.commands import cents_of
from shared.contracts.forms import FiledApplicant, FiledRequest
from shared.contracts.vocabulary import FIELDS_OF, SUPPORT_TYPES_OF, ApplicantKind, RequestKind
from shared.errors import FieldError, Invalid
from shared.territory.identification import Identified
from shared.territory.territories import Territories
from shared.web.validation import field_errors

Answers = Mapping[str, Any]
Kind = TypeVar("Kind", bound=StrEnum)

SEVERAL_DEPARTEMENTS: Final = frozenset({ApplicantKind.EPCI, ApplicantKind.REGION, ApplicantKind.PRIORITY})


class Typed(BaseModel):
    """Whatever a step's form holds; it is read as a whole request afterwards."""

    model_config = ConfigDict(extra="allow")


@dataclass(frozen=True, slots=True)
class Step:
    """One page of the form: its address, its group, its question and the fields it asks for."""

    name: str
    group: str
    question: str
    fields: tuple[str, ...]

    def owns(self, field: str) -> bool:
        """Return whether an error of this field is put right on this page."""
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
    Step(
        "contact",
        "Contact",
        "Qui pouvons-nous joindre\u00a0?",
        ("contact.name", "contact.role", "contact.email", "contact.phone"),
    ),
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


@dataclass(frozen=True, slots=True)
class Reading:
    """A draft read as a request: what was typed, what is wrong, its territory when it is known, or what can be filed.

    `checked` is None while something is wrong.
    """

    values: Answers
    errors: tuple[FieldError, ...]
    found: Identified | None
    checked: Checked | None

    @property
    def applicant_kind(self) -> ApplicantKind | None:
        """The kind of territory that was chosen, if it is one."""
        return applicant_kind(self.values)

    @property
    def request_kind(self) -> RequestKind | None:
        """The kind of request that was chosen, if it is one."""
        return _member(RequestKind, self.values.get("kind"))

    @property
    def steps(self) -> list[Step]:
        """The pages of this form; the département is asked for only where the territory leaves a choice."""
        return [step for step in STEPS if step.name != "departement" or self.leaves_a_choice]

    @property
    def leaves_a_choice(self) -> bool:
        """Return whether the territory leaves a choice of the département in charge."""
        if self.found is None:
            return False
        territory = self.found.territory
        return territory.kind in SEVERAL_DEPARTEMENTS and len(territory.departements) > 1

    @property
    def natural_departement(self) -> str | None:
        """The département of most inhabitants; None for a région, of which none is the natural one."""
        if self.found is None or self.found.territory.kind is ApplicantKind.REGION:
            return None
        return self.found.departement

    @property
    def next_open(self) -> str:
        """The first page that still wants an answer, or the summary."""
        return next((step.name for step in STEPS if not self.is_done(step)), SUMMARY)

    def after(self, step: Step) -> str:
        """Return the page that comes next."""
        steps = self.steps
        following = steps[steps.index(step) + 1 :] if step in steps else [BY_NAME["contact"]]
        return following[0].name if following else SUMMARY

    def before(self, step: Step) -> str | None:
        """Return the page before; None for the first."""
        steps = self.steps
        place = steps.index(step) if step in steps else len(steps)
        return steps[place - 1].name if place else None

    def errors_of(self, step: Step) -> dict[str, str]:
        """Return the errors that are put right on one page, by field; the first of each."""
        found: dict[str, str] = {}
        for error in self.errors:
            if step.owns(error.field):
                found.setdefault(_shown_field(error.field), error.message)
        return found

    def is_right(self, step: Step) -> bool:
        """Return whether nothing is wrong on one page, be it that nobody has seen it."""
        return not any(step.owns(error.field) for error in self.errors)

    def is_done(self, step: Step) -> bool:
        """Return whether one page was answered, and rightly; the choice of a département only where there is one."""
        seen = step.name == "departement" or any(step.owns(name) for name in self.values)
        return seen and self.is_right(step)


def applicant_kind(answers: Answers) -> ApplicantKind | None:
    """Return the kind of territory that was chosen, if it is one."""
    return _member(ApplicantKind, answers.get("applicant.kind"))


def read(territories: Territories, answers: Answers, *, at: datetime) -> Reading:
    """Read all that was typed; the errors of every page are found at once, and the territory is looked up once."""
    errors: list[FieldError] = []
    body = _body(answers, errors)
    found = _territory(territories, body, errors)
    filed: FiledRequest | None = None
    try:
        filed = FiledRequest.model_validate(body)
    except ValidationError as invalid:
        errors += _in_words(invalid)
    if body.get("kind") == RequestKind.PROGRAMME and not body.get("programme"):
        errors.append(FieldError("programme", "Choisissez le programme."))
    if filed is not None:
        known = {error.field for error in errors}
        errors += [error for error in errors_in(filed, today=local_day(found, at)) if error.field not in known]
    checked = Checked(filed, found) if filed and found and not errors else None
    return Reading(answers, tuple(errors), found, checked)


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
"""Kinds of pydantic's errors whose common sentence names the limit."""


def _in_words(invalid: ValidationError) -> list[FieldError]:
    found = invalid.errors()
    return [
        error if wrong["type"] in TOO_LONG else FieldError(error.field, WORDS.get(error.field, error.message))
        for wrong, error in zip(found, field_errors(found), strict=True)
    ]


def _body(answers: Answers, errors: list[FieldError]) -> dict[str, Any]:
    """Arrange what was typed as a request is filed; blank is not given, and what the kind does not take is left out."""
    kind, applicant = _member(RequestKind, answers.get("kind")), applicant_kind(answers)
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
    """Find the territory as soon as it is typed; one whose département is still to be chosen, too."""
    try:
        applicant = FiledApplicant.model_validate(body["applicant"])
    except ValidationError:
        return None
    try:
        return identify(territories, applicant, body.get("lead_departement"))
    except Invalid as refusal:
        errors += refusal.errors
    if any(error.field != "lead_departement" for error in errors):
        return None
    official = territories.find(applicant.kind, applicant.code)
    try:
        return identify(territories, applicant, official.departements[0] if official else None)
    except Invalid:
        return None


def _member(kinds: type[Kind], typed: Any) -> Kind | None:
    return kinds(typed) if typed in list(kinds) else None


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
    """Return the name under which a page asks for a field: places in lists belong to the list."""
    return field.rsplit(".", 1)[0] if field.rsplit(".", 1)[-1].isdecimal() else field
