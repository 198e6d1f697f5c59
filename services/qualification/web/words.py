"""French words, tones and options of the pages of cases."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, TypeVar

from services.qualification.domain.local_work import LocalState
from services.qualification.domain.moves import State
from services.qualification.domain.orientation import OrientationState
from services.qualification.reads.case import LocalWorkView
from shared.contracts import escalation, notifications, qualification
from shared.contracts.vocabulary import LocalEnd, Outcome, Team
from shared.french import words

Value = TypeVar("Value", bound=StrEnum)

TONES: Final[Mapping[str, str]] = {
    State.REGISTERED: "waiting",
    State.UNDER_EXAMINATION: "running",
    State.AWAITING_INFORMATION: "waiting",
    State.PROPOSED: "running",
    State.ORIENTED_LOCALLY: "done",
    State.SUPPORTED_LOCALLY: "done",
    State.DIRECTED_TO_PROGRAMME: "done",
    State.ESCALATED: "running",
    State.REFUSED: "refused",
    State.TRANSFERRED: "neutral",
    State.WITHDRAWN: "neutral",
}

WRITERS: Final[Mapping[str, tuple[str, str]]] = {
    Team.APPLICANT: ("Le demandeur", "Demandeur"),
    Team.DEPARTEMENT: ("Le département", "Département"),
    Team.PROVIDER: ("L’acteur local", "Acteur local"),
}
"""The writer of a message: the words where the name is not known, and the team."""

ORIENTATIONS: Final[Mapping[str, tuple[str, str]]] = {
    OrientationState.OPEN: ("Réponse attendue", "waiting"),
    OrientationState.ACCEPTED: ("Acceptée", "done"),
    OrientationState.DECLINED: ("Déclinée", "refused"),
    OrientationState.SILENT: ("Sans réponse", "late"),
    OrientationState.CANCELLED: ("Sans objet\u00a0: demande retirée", "neutral"),
    OrientationState.ENDED: ("Terminée", "done"),
}

LOCAL_STATES: Final[Mapping[str, tuple[str, str]]] = {
    LocalState.EXPECTED: ("Premier contact attendu", "waiting"),
    LocalState.UNDER_WAY: ("Accompagnement en cours", "running"),
    LocalState.COMPLETED: ("Accompagnement terminé", "done"),
    LocalState.STOPPED: ("Accompagnement arrêté", "refused"),
}
EXPECTED_LOCALLY: Final[Mapping[tuple[LocalState, bool], tuple[str, str]]] = {
    (LocalState.EXPECTED, False): (
        "Mettre en place le soutien accordé",
        "Prenez contact avec la collectivité, puis notez-le ici\u00a0: l’accompagnement commence ce jour-là.",
    ),
    (LocalState.EXPECTED, True): (
        "L’acteur local prend contact avec la collectivité",
        "Il le note par son lien. Vous pouvez aussi le noter ici.",
    ),
    (LocalState.UNDER_WAY, False): (
        "Mener l’accompagnement à son terme",
        "Fixez les étapes, dites où en est le travail, puis terminez-le par un bilan.",
    ),
    (LocalState.UNDER_WAY, True): (
        "L’acteur local accompagne la collectivité",
        "Le département reste l’interlocuteur du demandeur, qui donnera son avis à la fin.",
    ),
}
"""What is expected in local work, by its state and whether a provider does it."""

EXPECTED: Final[Mapping[str, tuple[str, str]]] = {
    State.REGISTERED: ("Commencer l’examen", "Le service départemental prend connaissance de la demande."),
    State.UNDER_EXAMINATION: ("Proposer une réponse", "Un délégué territorial validera la réponse proposée."),
    State.AWAITING_INFORMATION: (
        "Le demandeur complète sa demande",
        "Le délai du département est suspendu. L’examen peut reprendre sans attendre.",
    ),
    State.PROPOSED: ("Valider ou non la réponse proposée", "La décision revient à un délégué territorial."),
}
"""What is expected now, in a line and a sentence."""

DECIDED: Final = ("L’équipe nationale met la décision en œuvre", "Le département reste l’interlocuteur du demandeur.")
ELSEWHERE: Final[Mapping[str, tuple[str, str] | None]] = {
    qualification.RequestEscalated.wire_type: (
        "L’équipe nationale examine la demande",
        "Le département reste l’interlocuteur du demandeur et répond aux questions de l’équipe nationale.",
    ),
    escalation.DecisionMade.wire_type: DECIDED,
    escalation.DecisionCorrected.wire_type: DECIDED,
    escalation.AccompanimentStarted.wire_type: (
        "L’accompagnement se déroule",
        "L’équipe nationale suit ses jalons. Le département reste l’interlocuteur du demandeur.",
    ),
    escalation.AccompanimentCompleted.wire_type: None,
    qualification.DirectedToProgramme.wire_type: (
        "L’équipe du programme prend connaissance de la demande",
        "Si elle ne peut pas répondre, la demande revient ici. Le département reste l’interlocuteur du demandeur.",
    ),
    escalation.ProgrammeRequestTakenUp.wire_type: (
        "L’équipe du programme accompagne la collectivité",
        "Le département reste l’interlocuteur du demandeur.",
    ),
    escalation.ProgrammeRequestCompleted.wire_type: None,
}
"""What is expected of others who have the request, by the last of their steps that says it; None: nothing more."""

_LATE: Final = (
    qualification.StageOverdue,
    qualification.LocalWorkOverdue,
    escalation.StageOverdue,
    notifications.DeliveryFailed,
)
_REFUSED: Final = (
    qualification.OrientationDeclined,
    qualification.RequestRefused,
    qualification.LocalWorkStopped,
    qualification.WithdrawalDeclined,
    escalation.ProgrammeRequestDeclined,
    escalation.WithdrawalDeclined,
)
ENTRIES: Final[Mapping[str, str]] = {
    **{fact.wire_type: "late" for fact in _LATE},
    **{fact.wire_type: "refused" for fact in _REFUSED},
}
"""How the entry of an event looks in the timeline, where it is not simply done."""

TO_QUALIFY: Final = ("Qualifier le besoin", "La réponse proposée ensuite s’appuiera sur cette qualification.")
UNANSWERED: Final = (
    "Le demandeur n’a pas répondu à temps",
    "Relancez-le par un message, ou reprenez l’examen sans attendre.",
)
OF_PROVIDER: Final[Mapping[str, tuple[str, str]]] = {
    OrientationState.OPEN: ("L’acteur local répond", "S’il décline ou se tait, la demande revient à l’examen."),
}

PROPOSALS: Final[Mapping[Outcome, tuple[str, str]]] = {
    Outcome.LOCAL_ORIENTATION: (
        "Orienter vers un acteur local",
        "L’acteur reçoit un lien et répond sans compte. S’il décline ou se tait, la demande revient ici.",
    ),
    Outcome.LOCAL_SUPPORT: ("Soutenir sur l’enveloppe du département", "Le montant est engagé à la validation."),
    Outcome.PROGRAMME: ("Orienter vers un programme national", "L’équipe du programme reçoit le dossier complet."),
    Outcome.ESCALATION: (
        "Transmettre à l’équipe nationale",
        "Quand l’ingénierie locale ne suffit pas\u00a0: motif, acteurs sollicités et avis du préfet sont demandés.",
    ),
    Outcome.TRANSFER: ("Transférer à un autre département", "L’autre département reçoit le dossier complet."),
    Outcome.REFUSAL: ("Refuser la demande", "Le motif et les voies de recours sont communiqués au demandeur."),
}

EFFECTS: Final[Mapping[Outcome, str]] = {
    Outcome.LOCAL_ORIENTATION: "L’acteur local reçoit un lien vers la demande\u00a0: il accepte ou décline.",
    Outcome.LOCAL_SUPPORT: "Le montant est engagé sur l’enveloppe de l’année.",
    Outcome.PROGRAMME: "L’équipe du programme reçoit le dossier complet.",
    Outcome.ESCALATION: "L’équipe nationale reçoit le dossier complet, avec l’avis du préfet.",
    Outcome.TRANSFER: "L’autre département reçoit le dossier complet et devient l’interlocuteur du demandeur.",
    Outcome.REFUSAL: "Le motif et les voies de recours sont communiqués au demandeur.",
}
"""What the validation of each outcome does, beside what the applicant reads."""

MARKS: Final = (
    ("need", "Besoin", "peu défini", "bien défini"),
    ("capacity", "Ingénierie du territoire", "aucune", "solide"),
    ("complexity", "Complexité du projet", "simple", "très complexe"),
    ("urgency", "Urgence", "peu urgent", "très urgent"),
    ("maturity", "Maturité du projet", "une idée", "prêt à démarrer"),
)
"""The marks of the qualification grid: name, label, what 1 means, what 5 means."""


def options(table: Mapping[Value, str], only: Iterable[Value] | None = None) -> list[tuple[str, str]]:
    """Return the choices of a select, in the table's order."""
    wanted = set(table if only is None else only)
    return [(value.value, label) for value, label in table.items() if value in wanted]


def ends(work: LocalWorkView | None) -> list[LocalEnd]:
    """Return for which reasons local work may end without a result: a provider stops only where there is one."""
    provider = work is not None and work.provider is not None
    return [one for one in LocalEnd if provider or one is not LocalEnd.PROVIDER_STOPPED]


def state_options() -> list[tuple[str, str]]:
    """Return the states of a case, for a filter."""
    return [(state.value, words.state_word(state)) for state in State]
