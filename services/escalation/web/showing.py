"""Render templates with what all pages share: French labels, colours of states, and the errors of a refused form."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

from litestar.response import Template

from services.escalation.domain.moves import State
from services.escalation.usecases.committee import MEMBER_ROLES
from services.escalation.usecases.recording import day
from services.escalation.web.actions import STEPS_OF_MOBILISATIONS
from services.escalation.web.readers import COMMITTEE_READERS, reads_country
from shared import clock
from shared.french.words import state_word, word
from shared.web.access import current_agent
from shared.web.actions import Refused, RequestContext
from shared.web.forms import Form
from shared.web.pages import render

Chosen = TypeVar("Chosen", bound=StrEnum)

TONES: Final[Mapping[State, str]] = {
    State.RECEIVED: "waiting",
    State.AWAITING_DEPARTEMENT: "waiting",
    State.ADMISSIBLE: "running",
    State.SCHEDULED: "running",
    State.GRANTED: "done",
    State.GRANTED_WITH_RESERVE: "done",
    State.DEFERRED: "waiting",
    State.RETURNED: "neutral",
    State.REFUSED: "refused",
    State.MOBILISING: "running",
    State.ACCOMPANIED: "running",
    State.COMPLETED: "done",
    State.WITHDRAWN: "neutral",
}
MOBILISATION_WORDS: Final = {
    "proposed": ("Proposée", "waiting"),
    "accepted": ("Acceptée", "running"),
    "declined": ("Déclinée", "refused"),
    "under_way": ("En cours", "running"),
    "delivered": ("Livrée", "done"),
}
OUTCOME_TONES: Final = {
    "granted": "done",
    "granted_with_reserve": "done",
    "deferred": "waiting",
    "returned": "neutral",
    "refused": "refused",
}
NEXT_STEP: Final[Mapping[State, str]] = {
    State.RECEIVED: "L’équipe nationale doit se prononcer sur la recevabilité.",
    State.AWAITING_DEPARTEMENT: "Le département doit répondre à la question posée.",
    State.ADMISSIBLE: "Le dossier attend son inscription à une séance du comité.",
    State.SCHEDULED: "Le comité doit se prononcer en séance.",
    State.DEFERRED: "Le dossier attend son inscription à une nouvelle séance.",
    State.RETURNED: "Le département a repris l’examen de la demande.",
    State.REFUSED: "Le comité n’a pas accordé l’accompagnement : le dossier est clos ici.",
    State.GRANTED: "L’équipe nationale doit mobiliser les moyens.",
    State.GRANTED_WITH_RESERVE: "L’équipe nationale doit faire lever la réserve et mobiliser les moyens.",
    State.MOBILISING: "L’équipe nationale mobilise les moyens.",
    State.ACCOMPANIED: "L’accompagnement est en cours.",
    State.COMPLETED: "L’accompagnement est terminé : le demandeur est invité à l’évaluer.",
    State.WITHDRAWN: "Le demandeur a retiré sa demande : plus rien n’est à faire.",
}
"""State of a dossier → who must do what now."""

LABELS: Final[Mapping[str, str]] = {
    "abstained": "Abstentions",
    "against": "Contre",
    "alternate": "Suppléance",
    "amount.amount_cents": "Nouveau montant",
    "amount_cents": "Montant",
    "approbation.approved_by": "Nom de qui approuve",
    "approbation.approved_on": "Approuvé le",
    "approbation.in_session": "Séance",
    "avancement.text": "Où en est le travail",
    "annulation.motive": "Pourquoi elle est annulée",
    "carry_reason": "Pourquoi ces points restent ouverts",
    "ceiling_cents": "Plafond",
    "dated": "Date",
    "dates.ends_on": "Nouvelle fin",
    "dates.motive": "Pourquoi ces dates changent",
    "dates.starts_on": "Nouveau début",
    "declared": "Intérêt",
    "deliverable": "Livrable",
    "delivered_cents": "Total livré",
    "document": "Fichier",
    "due_on": "Échéance",
    "email": "Courriel",
    "ends_on": "Fin",
    "held_on": "Date de la séance",
    "holder": "Titulaire",
    "in_favour": "Pour",
    "interlocutor": "Interlocuteur",
    "jalon.title": "Intitulé du jalon",
    "kind": "Nature",
    "label": "Prestation",
    "lifted_on": "Levée le",
    "lines": "Quantités",
    "livraison.amount_cents": "Montant livré",
    "livraison.dated": "Livré le",
    "livraison.reference": "Référence",
    "lot_id": "Lot",
    "member": "Membre",
    "members": "Membres",
    "milestone_id": "Jalon",
    "mobilisation.kind": "Origine",
    "motive": "Motif",
    "name": "Nom",
    "note.text": "Note",
    "number": "Numéro",
    "offer": "Ce qu’on peut lui demander",
    "operator_id": "Opérateur",
    "opinion": "Avis de recevabilité",
    "outcome": "Décision",
    "override_reason": "Pourquoi ce montant",
    "paiement.amount_cents": "Montant payé",
    "paiement.dated": "Payé le",
    "paiement.reference": "Facture",
    "plafond.ceiling_cents": "Nouveau plafond",
    "percent": "Avancement",
    "phone": "Téléphone",
    "price_cents": "Prix unitaire",
    "present": "Présents",
    "programme": "Programme",
    "purchase_order": "Numéro de commande",
    "purpose": "Objet",
    "question": "Question",
    "quorum": "Quorum",
    "reached_on": "Atteint le",
    "reference": "Référence",
    "remarque.author": "De la part de",
    "remarque.text": "Remarque",
    "renvoi.motive": "Motif du renvoi",
    "report": "Bilan",
    "report.due_on": "Nouvelle échéance",
    "reserve": "Réserve",
    "reserve_blocks": "Ce que la réserve bloque",
    "reserve.motive": "Ce qui permet de lever la réserve",
    "reserve_until": "Réserve à lever avant le",
    "resource": "Moyen mobilisé",
    "session_id": "Séance",
    "shares": "Parts",
    "signatory": "Qualité du signataire",
    "starts_on": "Début",
    "subject": "Objet",
    "support_types": "Types d’appui",
    "table": "Tableau",
    "text": "Où en est le travail",
    "title": "Intitulé",
    "total_cents": "Coût total",
    "unit": "Unité",
    "until": "Réponse souhaitée",
    "valid_from": "En exercice à partir du",
    "valid_until": "Jusqu’au",
    "votes": "Voix",
    "year": "Année",
}
"""Field of a form, or its last part → how the list of errors calls it."""


WORDS: Final[Mapping[str, Any]] = {
    "word": word,
    "state_word": state_word,
    "tones": TONES,
    "outcome_tones": OUTCOME_TONES,
    "mobilisation_words": MOBILISATION_WORDS,
    "mobilisation_steps": {action.name: action.label for action in STEPS_OF_MOBILISATIONS},
    "member_roles": MEMBER_ROLES,
    "next_step": NEXT_STEP,
    "labels": LABELS,
}
"""What every template may use."""


def known(values: type[Chosen], given: str | None) -> Chosen | None:
    """Return the member of an enumeration that the address names, if there is such a one."""
    return next((value for value in values if value.value == given), None)


@dataclass(frozen=True, slots=True)
class FilterView:
    """A filter of a search form: its name in the address, its label, and the values that it offers with their words."""

    name: str
    label: str
    options: Sequence[tuple[str, str]]


def choices(values: Iterable[StrEnum], *, blank: str | None = None) -> list[tuple[str, str]]:
    """Return what a form offers of an enumeration: values and words, after `blank` for none of them."""
    offered = [(value.value, word(value)) for value in values]
    return offered if blank is None else [("", blank), *offered]


def show(
    context: RequestContext,
    template: str,
    *,
    refused: Refused | None = None,
    form: Form[Any] | None = None,
    values: Mapping[str, Any] | None = None,
    status_code: int = 200,
    **shown: object,
) -> Template:
    """Show one of our templates; with a form that was sent, or `refused`, else with `values` in its form."""
    agent = current_agent(context.request)
    form = refused.form if refused else form
    failed = refused.action.path if refused else None

    def typed(path: str) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        """Return what was typed into the form that leads to `path`, and what is wrong with it."""
        return (form.values, form.errors) if form and failed == path else ({}, {})

    return render(
        context.request,
        template,
        status_code=refused.status if refused else status_code,
        reads_committee=agent is not None and agent.has(*COMMITTEE_READERS),
        reads_country=reads_country(agent),
        **WORDS,
        today=day(clock.now()),
        failed=failed,
        typed=typed,
        values=form.values if form else values or {},
        errors=form.errors if form else {},
        **shown,
    )
