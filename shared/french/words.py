"""French labels of wire values: one word per value, the same on every page and in every mail."""

from enum import StrEnum

from shared.contracts import vocabulary as v
from shared.contracts.withdrawal import WithdrawalAcceptance, WithdrawalAnswer, WithdrawalRefusal

APPLICANT_KIND = {
    v.ApplicantKind.COMMUNE: "Commune",
    v.ApplicantKind.EPCI: "Intercommunalité (EPCI)",
    v.ApplicantKind.DEPARTEMENT: "Département",
    v.ApplicantKind.REGION: "Région",
    v.ApplicantKind.PRIORITY: "Territoire prioritaire d’intervention",
}
REQUEST_KIND = {
    v.RequestKind.TAILORED_SUPPORT: "Un soutien cousu-main à un projet",
    v.RequestKind.TERRITORIAL_PROJECT: "Un appui à l’élaboration d’un projet de territoire",
    v.RequestKind.TERRITORIAL_PACT: "Un pacte territorial",
    v.RequestKind.PROGRAMME: "Un programme d’intervention territorialisé",
}
SUPPORT_TYPE = {
    v.SupportType.AMO_PUBLIQUE: "Assistance à maîtrise d’ouvrage publique",
    v.SupportType.MOA_IMMOBILIERE: "Maîtrise d’ouvrage de projets immobiliers",
    v.SupportType.INGENIERIE_PROJET: "Ingénierie de projet",
    v.SupportType.CAPITALISATION: "Capitalisation d’expériences",
    v.SupportType.ANALYSE_TERRITORIALE: "Analyse territoriale",
    v.SupportType.OUTILS_ANALYSE: "Mise à disposition d’outils d’analyse et de territorialisation des données",
}
FIELD = {
    v.Field.REVITALISATION_COMMERCIALE: "Revitalisation commerciale",
    v.Field.SERVICES_PUBLICS_SANTE: "Accès aux services publics et à la santé",
    v.Field.NUMERIQUE: "Numérique",
    v.Field.MOBILITE: "Mobilité",
    v.Field.TRANSITION_ECOLOGIQUE: "Transition écologique et énergétique",
    v.Field.RENOUVELLEMENT_URBAIN: "Renouvellement urbain",
    v.Field.HABITAT: "Habitat",
    v.Field.TOURISME_DEVELOPPEMENT_ECONOMIQUE: "Tourisme et développement économique",
    v.Field.FONDS_EUROPEENS: "Accès aux fonds européens",
    v.Field.AUTRE: "Autre",
    v.Field.DYNAMIQUES_TERRITORIALES: "Analyse des dynamiques territoriales",
    v.Field.ATOUTS_FAIBLESSES: "Diagnostic des atouts et faiblesses du territoire",
    v.Field.CONCERTATION: "Processus de concertation",
    v.Field.ORIENTATIONS_PLAN_ACTION: "Orientations stratégiques et plan d’action",
}
PROGRAMME = {
    v.Programme.ACTION_COEUR_DE_VILLE: "Action Cœur de Ville",
    v.Programme.PETITES_VILLES_DE_DEMAIN: "Petites Villes de Demain",
    v.Programme.RURALITES: "Ruralités",
    v.Programme.FRANCE_SERVICES: "France Services",
    v.Programme.TERRITOIRES_INDUSTRIE: "Territoires d’industrie",
}
TEAM = {
    v.Team.APPLICANT: "Vous",
    v.Team.DEPARTEMENT: "Service départemental (SAT)",
    v.Team.PROVIDER: "Acteur local de l’ingénierie",
    v.Team.NATIONAL: "Équipe nationale de l’ANCT",
}
ROLE = {
    v.Role.APPLICANT: "Demandeur",
    v.Role.SAT_AGENT: "Agent du SAT",
    v.Role.DELEGATE: "Délégué territorial",
    v.Role.PROVIDER: "Acteur local",
    v.Role.NATIONAL_AGENT: "Équipe nationale de l’ANCT",
    v.Role.COMMITTEE_SECRETARY: "Secrétariat du comité",
    v.Role.PROGRAMME_AGENT: "Équipe de programme",
    v.Role.PARTY: "Partie à un pacte",
    v.Role.OPERATOR: "Exploitant",
    v.Role.SYSTEM: "Système",
}
LOCAL_OFFER = {
    v.LocalOffer.NONE: "Aucune offre locale",
    v.LocalOffer.INSUFFICIENT: "Offre locale insuffisante",
    v.LocalOffer.SUFFICIENT: "Offre locale suffisante",
}
OUTCOME = {
    v.Outcome.LOCAL_ORIENTATION: "Orientation vers un acteur local",
    v.Outcome.LOCAL_SUPPORT: "Soutien sur l’enveloppe du département",
    v.Outcome.PROGRAMME: "Orientation vers un programme national",
    v.Outcome.ESCALATION: "Transmission à l’équipe nationale",
    v.Outcome.REFUSAL: "Refus",
    v.Outcome.TRANSFER: "Transfert à un autre département",
}
ESCALATION_MOTIVE = {
    v.EscalationMotive.NO_LOCAL_OFFER: "Pas d’offre d’ingénierie locale",
    v.EscalationMotive.LOCAL_OFFER_INSUFFICIENT: "Offre d’ingénierie locale insuffisante",
    v.EscalationMotive.COMPLEX_OR_MULTITHEMATIC: "Projet complexe ou à plusieurs thématiques",
}
COMMITTEE_OUTCOME = {
    v.CommitteeOutcome.GRANTED: "Accompagnement accordé",
    v.CommitteeOutcome.GRANTED_WITH_RESERVE: "Accompagnement accordé avec réserve",
    v.CommitteeOutcome.DEFERRED: "Décision reportée",
    v.CommitteeOutcome.RETURNED: "Renvoi au département",
    v.CommitteeOutcome.REFUSED: "Refus",
}
RESERVE_BLOCKS = {
    v.ReserveBlocks.MOBILISATION: "La mobilisation des moyens, et toute la suite",
    v.ReserveBlocks.ACCOMPANIMENT: "Le début de l’accompagnement, et les paiements",
    v.ReserveBlocks.PAYMENT: "Les paiements",
}
OPEN_KIND = {
    v.OpenKind.ORDER: "Commande",
    v.OpenKind.PAYMENT: "Paiement",
    v.OpenKind.MILESTONE: "Jalon",
    v.OpenKind.START: "Début",
}
MOBILISATION_KIND = {
    v.MobilisationKind.INTERNAL: "Administration centrale ou opérateur de l’État",
    v.MobilisationKind.EXTERNAL: "Prestataire externe",
}
MOBILISATION_STEP = {
    v.MobilisationStep.ACCEPTED: "Acceptée",
    v.MobilisationStep.DECLINED: "Déclinée",
    v.MobilisationStep.UNDER_WAY: "En cours",
    v.MobilisationStep.DELIVERED: "Livrée",
}
ORDER_ENTRY = {
    v.OrderEntry.DELIVERY: "Livraison",
    v.OrderEntry.PAYMENT: "Paiement",
}
FINANCER_KIND = {
    v.FinancerKind.ANCT: "ANCT",
    v.FinancerKind.APPLICANT: "Collectivité bénéficiaire",
    v.FinancerKind.STATE: "État ou opérateur de l’État",
    v.FinancerKind.LOCAL_AUTHORITY: "Autre collectivité",
    v.FinancerKind.OTHER: "Autre financeur",
}
EVALUATION_ROUND = {
    v.EvaluationRound.COMPLETION: "À la fin",
    v.EvaluationRound.SIX_MONTHS: "Six mois après",
}
STAGE = {
    v.Stage.REGISTER: "Enregistrement",
    v.Stage.START_EXAMINATION: "Début de l’examen",
    v.Stage.QUALIFY: "Qualification",
    v.Stage.PROVIDER_ANSWER: "Réponse de l’acteur local",
    v.Stage.ADMISSIBILITY: "Recevabilité",
    v.Stage.COMMITTEE: "Passage en comité",
    v.Stage.MILESTONE: "Jalon",
}
WITHDRAWAL_REASON = {
    v.WithdrawalReason.PROVIDER_ENGAGED: "l’acteur local a accepté l’accompagnement",
    v.WithdrawalReason.REFUSED: "la demande a été refusée",
    v.WithdrawalReason.MOBILISED: "des moyens sont déjà engagés pour le projet",
    v.WithdrawalReason.ACCOMPANIED: "l’accompagnement a commencé",
    v.WithdrawalReason.PROGRAMME_ENGAGED: "l’équipe du programme a pris la demande en charge",
    v.WithdrawalReason.COMPLETED: "l’accompagnement est terminé",
}
LOCAL_CLOCK = {
    v.LocalClock.START: "Premier contact",
    v.LocalClock.MILESTONE: "Jalon",
    v.LocalClock.END: "Fin de l’accompagnement",
}
LOCAL_STAGE = {
    v.LocalStage.LOCAL_START: "Premier contact d’une réponse locale",
    v.LocalStage.LOCAL_WORK: "Accompagnement local",
}
LOCAL_END = {
    v.LocalEnd.PROVIDER_STOPPED: "L’acteur local arrête l’accompagnement",
    v.LocalEnd.APPLICANT_GAVE_UP: "La collectivité renonce à son projet",
    v.LocalEnd.NO_RESULT: "L’aide n’aboutit pas",
}
STATE = {
    "draft": "Brouillon",
    "submitted": "Déposée",
    "registered": "Enregistrée",
    "under_examination": "En cours d’examen",
    "awaiting_information": "En attente d’informations du demandeur",
    "proposed": "Proposition à valider",
    "oriented_locally": "Orientée vers un acteur local",
    "supported_locally": "Soutenue par le département",
    "directed_to_programme": "Orientée vers un programme",
    "escalated": "Transmise à l’équipe nationale",
    "refused": "Refusée",
    "transferred": "Transférée à un autre département",
    "withdrawn": "Retirée",
    "received": "Reçue par l’équipe nationale",
    "awaiting_departement": "En attente du département",
    "admissible": "Recevable",
    "scheduled": "Inscrite au comité",
    "granted": "Accordée",
    "granted_with_reserve": "Accordée avec réserve",
    "deferred": "Reportée",
    "returned": "Renvoyée au département",
    "mobilising": "Mobilisation des moyens",
    "accompanied": "Accompagnement en cours",
    "completed": "Accompagnement terminé",
    "evaluated": "Évaluée",
    "closed": "Close",
}
EVENT = {
    "intake.request_submitted.v1": "Demande déposée",
    "intake.information_provided.v1": "Informations complémentaires envoyées",
    "intake.message_posted.v1": "Message du demandeur",
    "intake.document_added.v1": "Document ajouté",
    "intake.progress_told.v1": "Avancement dit par le demandeur",
    "intake.request_withdrawn.v1": "Retrait demandé",
    "intake.tracking_link_replaced.v1": "Nouveau lien de suivi envoyé",
    "intake.colleague_invited.v1": "Collègue invité à suivre la demande",
    "intake.colleague_removed.v1": "Accès d’un collègue retiré",
    "intake.evaluation_submitted.v1": "Évaluation envoyée",
    "intake.evaluation_awaited.v1": "Avis du demandeur attendu",
    "intake.request_closed.v1": "Demande close",
    "forms.request_accepted.v1": "Demande d’un autre formulaire acceptée",
    "forms.request_refused.v1": "Demande d’un autre formulaire refusée",
    "qualification.request_registered.v1": "Demande enregistrée par le département",
    "qualification.examination_started.v1": "Examen de la demande commencé",
    "qualification.information_requested.v1": "Informations complémentaires demandées",
    "qualification.message_posted.v1": "Message du département",
    "qualification.request_qualified.v1": "Besoin évalué et qualifié",
    "qualification.outcome_proposed.v1": "Réponse proposée, en attente de validation",
    "qualification.proposal_rejected.v1": "Proposition non validée, l’examen se poursuit",
    "qualification.proposal_taken_back.v1": "Proposition reprise par son auteur, l’examen se poursuit",
    "qualification.exchanges_shared.v1": "Échanges joints au dossier",
    "qualification.exchanges_transferred.v1": "Échanges transmis à un autre département",
    "qualification.oriented_locally.v1": "Orientée vers un acteur local de l’ingénierie",
    "qualification.orientation_accepted.v1": "Accompagnement accepté par l’acteur local",
    "qualification.orientation_link_replaced.v1": "Lien de l’acteur local repris ou remplacé",
    "qualification.orientation_declined.v1": "L’acteur local ne peut pas répondre, l’examen se poursuit",
    "qualification.supported_locally.v1": "Soutien accordé par le département",
    "qualification.local_work_started.v1": "Accompagnement local commencé",
    "qualification.local_milestone_set.v1": "Jalon fixé",
    "qualification.local_milestone_postponed.v1": "Jalon reporté",
    "qualification.local_milestone_reached.v1": "Jalon atteint",
    "qualification.local_end_postponed.v1": "Fin de l’accompagnement local reportée",
    "qualification.local_progress_reported.v1": "Avancement de l’accompagnement local",
    "qualification.local_deliverable_added.v1": "Livrable remis",
    "qualification.local_work_completed.v1": "Accompagnement local terminé",
    "qualification.local_work_stopped.v1": "Accompagnement local arrêté",
    "qualification.local_work_due_soon.v1": "Échéance proche de l’accompagnement local",
    "qualification.local_work_overdue.v1": "Échéance dépassée de l’accompagnement local",
    "qualification.directed_to_programme.v1": "Orientée vers un programme national",
    "qualification.request_escalated.v1": "Transmise à l’équipe nationale de l’ANCT",
    "qualification.national_question_answered.v1": "Réponse du département à l’équipe nationale",
    "qualification.request_refused.v1": "Demande refusée",
    "qualification.request_transferred.v1": "Transférée à un autre département",
    "qualification.withdrawal_accepted.v1": "Retrait confirmé, la demande s’arrête",
    "qualification.withdrawal_declined.v1": "Retrait demandé trop tard",
    "qualification.stage_overdue.v1": "Délai dépassé au département",
    "qualification.stage_due_soon.v1": "Échéance proche au département",
    "qualification.orientation_due_soon.v1": "Rappel à l’acteur local",
    "qualification.information_due_soon.v1": "Rappel des informations demandées",
    "qualification.national_question_due_soon.v1": "Rappel de la question de l’équipe nationale",
    "qualification.pact_opened.v1": "Pacte territorial ouvert",
    "qualification.pact_diagnosis_shared.v1": "Diagnostic partagé avec les parties",
    "qualification.pact_diagnosis_agreed.v1": "Diagnostic approuvé par une partie",
    "qualification.pact_party_invited.v1": "Lien envoyé à une partie",
    "qualification.pact_action_added.v1": "Action ajoutée au plan",
    "qualification.pact_action_removed.v1": "Action retirée du plan",
    "qualification.pact_action_changed.v1": "Action du plan modifiée",
    "qualification.pact_party_added.v1": "Partie ajoutée au pacte",
    "qualification.pact_party_corrected.v1": "Partie corrigée",
    "qualification.pact_party_removed.v1": "Partie retirée du pacte",
    "qualification.pact_plan_ready.v1": "Plan d’action prêt à signer",
    "qualification.pact_plan_reopened.v1": "Plan d’action repris",
    "qualification.pact_version_started.v1": "Nouvelle version du pacte en préparation",
    "qualification.pact_version_given_up.v1": "Version du pacte abandonnée",
    "qualification.pact_signature_reminded.v1": "Rappel à une partie de signer",
    "qualification.pact_signed.v1": "Pacte signé par une partie",
    "qualification.pact_progress_reported.v1": "Avancement d’une action",
    "qualification.pact_reviewed.v1": "Revue annuelle du pacte tenue",
    "escalation.escalation_received.v1": "Reçue par l’équipe nationale",
    "escalation.information_requested.v1": "Question de l’équipe nationale au département",
    "escalation.admissibility_settled.v1": "Recevabilité confirmée",
    "escalation.escalation_returned.v1": "Renvoyée au département",
    "escalation.session_scheduled.v1": "Inscrite à l’ordre du jour du comité",
    "escalation.decision_made.v1": "Décision du comité de suivi de projet",
    "escalation.decision_corrected.v1": "Décision du comité corrigée",
    "escalation.reserve_lifted.v1": "Réserve du comité levée",
    "escalation.resource_mobilised.v1": "Moyens mobilisés",
    "escalation.resource_progressed.v1": "Moyens mobilisés : suite",
    "escalation.order_booked.v1": "Livraison ou paiement d’une commande",
    "escalation.financing_planned.v1": "Plan de financement arrêté",
    "escalation.accompaniment_started.v1": "Accompagnement commencé",
    "escalation.milestone_planned.v1": "Jalon fixé",
    "escalation.milestone_reached.v1": "Jalon atteint",
    "escalation.milestone_postponed.v1": "Jalon reporté",
    "escalation.milestone_cancelled.v1": "Jalon annulé",
    "escalation.accompaniment_rescheduled.v1": "Dates de l’accompagnement modifiées",
    "escalation.progress_reported.v1": "Avancement de l’accompagnement",
    "escalation.deliverable_added.v1": "Livrable remis",
    "escalation.provider_invited.v1": "Lien personnel donné au prestataire",
    "escalation.accompaniment_completed.v1": "Accompagnement terminé",
    "escalation.evaluation_requested.v1": "Évaluation demandée",
    "escalation.stage_overdue.v1": "Délai dépassé au niveau national",
    "escalation.stage_due_soon.v1": "Échéance proche au niveau national",
    "escalation.programme_request_taken_up.v1": "Prise en charge par l’équipe du programme",
    "escalation.programme_request_declined.v1": "Le programme ne peut pas répondre, l’examen reprend",
    "escalation.programme_request_completed.v1": "Appui du programme terminé",
    "escalation.withdrawal_accepted.v1": "Retrait confirmé, la demande s’arrête",
    "escalation.withdrawal_declined.v1": "Retrait demandé trop tard",
    "escalation.programme_coverage_set.v1": "Territoires d’un programme mis à jour",
    "notifications.delivery_succeeded.v1": "Message envoyé",
    "notifications.delivery_failed.v1": "Message non remis",
    "notifications.reply_received.v1": "Réponse reçue par courriel",
}

NEXT_ACTION: dict[str, str] = {
    "register": "Enregistrer votre demande.",
    "resume_with_information": "Reprendre l’examen avec vos informations.",
    "begin_examination": "Commencer l’examen de votre demande.",
    "examine": "Étudier votre besoin et chercher la réponse adaptée.",
    "send_information": "Envoyer les informations demandées.",
    "validate_answer": "Valider la réponse qui est en préparation.",
    "answer_orientation": "Dire s’il peut vous accompagner.",
    "contact_applicant": "Prendre contact avec vous pour commencer.",
    "seek_other_answer": "Chercher une autre réponse à votre besoin.",
    "set_up_support": "Mettre en place le soutien accordé.",
    "examine_for_programme": "Étudier votre demande dans le cadre du programme.",
    "receive_dossier": "Prendre connaissance de votre dossier.",
    "continue_with_dossier": "Poursuivre l’examen de votre dossier.",
    "register_transfer": "Enregistrer votre demande dans le département qui la reprend.",
    "settle_admissibility": "Vérifier que votre dossier peut être présenté au comité.",
    "answer_question": "Répondre à une question de l’équipe nationale.",
    "schedule": "Inscrire votre projet à l’ordre du jour du comité de suivi de projet.",
    "resume_examination": "Reprendre l’examen de votre demande.",
    "decide": "Examiner votre projet en comité de suivi de projet.",
    "schedule_again": "Présenter de nouveau votre projet à un prochain comité.",
    "mobilise": "Réunir les moyens de l’accompagnement.",
    "accompany": "Vous accompagner jusqu’à la date prévue.",
    "accompany_in_programme": "Vous accompagner dans le programme.",
    "evaluate": "Dites-nous ce que cet accompagnement a changé.",
    "evaluate_again": "Dites-nous, quelques mois après, ce que cet accompagnement a changé.",
    "answer_withdrawal": "Dire si le retrait est accepté, ou pourquoi il est trop tard.",
}
"""What is expected next of a team, or of the applicant, by its code; the words that the applicant reads."""

_ALL: tuple[dict[StrEnum, str], ...] = (  # type: ignore[assignment] # each table has its own enumeration as key
    APPLICANT_KIND,
    REQUEST_KIND,
    SUPPORT_TYPE,
    FIELD,
    PROGRAMME,
    TEAM,
    ROLE,
    LOCAL_OFFER,
    OUTCOME,
    ESCALATION_MOTIVE,
    COMMITTEE_OUTCOME,
    RESERVE_BLOCKS,
    OPEN_KIND,
    MOBILISATION_KIND,
    MOBILISATION_STEP,
    ORDER_ENTRY,
    FINANCER_KIND,
    EVALUATION_ROUND,
    STAGE,
    WITHDRAWAL_REASON,
    LOCAL_CLOCK,
    LOCAL_STAGE,
    LOCAL_END,
)


def word(value: StrEnum) -> str:
    """Return the French word of a wire value."""
    return next(table[value] for table in _ALL if value.__class__ is next(iter(table)).__class__)


def state_word(state: str) -> str:
    """Return the French word of a state of a request, a case or an escalation."""
    return STATE[state]


def team_word(team: str) -> str:
    """Name a team by its wire value; what is in words already stays."""
    return next((word for value, word in TEAM.items() if value == team), team)


def next_action_word(code: str) -> str:
    """Return what is expected next; a row of older code holds the words themselves."""
    return NEXT_ACTION.get(code, code)


def withdrawal_word(answer: WithdrawalAnswer) -> str | None:
    """Return the detail of an answer to a request to withdraw: the void decision, or why it is too late."""
    if isinstance(answer, WithdrawalRefusal):
        return too_late_word(answer.reason)
    void = answer.void if isinstance(answer, WithdrawalAcceptance) else None
    return void_word(void) if void else None


def too_late_word(reason: v.WithdrawalReason) -> str:
    """Return the reason why a request to withdraw came too late."""
    return f"Trop tard\u00a0: {WITHDRAWAL_REASON[reason]}"


def void_word(state: str) -> str:
    """Name the decision that a withdrawal makes void, by the state that it had led to."""
    return f"Décision sans effet\u00a0: {state_word(state).lower()}"


def event_word(wire_type: str) -> str:
    """Return the French sentence of an event, for timelines."""
    return EVENT.get(wire_type, wire_type)
