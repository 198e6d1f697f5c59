"""Enumerations of the wire values that all services share: kinds, fields, roles, outcomes, stages.

Source of the kinds, support types, fields and programmes: the ANCT's public page for the Val-d'Oise.
"""

from enum import StrEnum


class ApplicantKind(StrEnum):
    """Kinds of applicants: the five sorts of territory that the agency serves."""

    COMMUNE = "commune"
    EPCI = "epci"
    DEPARTEMENT = "departement"
    REGION = "region"
    PRIORITY = "priority"


class RequestKind(StrEnum):
    """The four things that can be asked for."""

    TAILORED_SUPPORT = "tailored_support"
    TERRITORIAL_PROJECT = "territorial_project"
    TERRITORIAL_PACT = "territorial_pact"
    PROGRAMME = "programme"


class SupportType(StrEnum):
    """How the support is given."""

    AMO_PUBLIQUE = "amo_publique"
    MOA_IMMOBILIERE = "moa_immobiliere"
    INGENIERIE_PROJET = "ingenierie_projet"
    CAPITALISATION = "capitalisation"
    ANALYSE_TERRITORIALE = "analyse_territoriale"
    OUTILS_ANALYSE = "outils_analyse"


class Field(StrEnum):
    """What the project is about."""

    REVITALISATION_COMMERCIALE = "revitalisation_commerciale"
    SERVICES_PUBLICS_SANTE = "services_publics_sante"
    NUMERIQUE = "numerique"
    MOBILITE = "mobilite"
    TRANSITION_ECOLOGIQUE = "transition_ecologique"
    RENOUVELLEMENT_URBAIN = "renouvellement_urbain"
    HABITAT = "habitat"
    TOURISME_DEVELOPPEMENT_ECONOMIQUE = "tourisme_developpement_economique"
    FONDS_EUROPEENS = "fonds_europeens"
    AUTRE = "autre"
    DYNAMIQUES_TERRITORIALES = "dynamiques_territoriales"
    ATOUTS_FAIBLESSES = "atouts_faiblesses"
    CONCERTATION = "concertation"
    ORIENTATIONS_PLAN_ACTION = "orientations_plan_action"


class Programme(StrEnum):
    """The national programmes that a request can be directed to."""

    ACTION_COEUR_DE_VILLE = "action_coeur_de_ville"
    PETITES_VILLES_DE_DEMAIN = "petites_villes_de_demain"
    RURALITES = "ruralites"
    FRANCE_SERVICES = "france_services"
    TERRITOIRES_INDUSTRIE = "territoires_industrie"


SUPPORT_TYPES_OF: dict[RequestKind, frozenset[SupportType]] = {
    RequestKind.TAILORED_SUPPORT: frozenset(
        {
            SupportType.AMO_PUBLIQUE,
            SupportType.MOA_IMMOBILIERE,
            SupportType.INGENIERIE_PROJET,
            SupportType.CAPITALISATION,
        }
    ),
    RequestKind.TERRITORIAL_PROJECT: frozenset(
        {SupportType.ANALYSE_TERRITORIALE, SupportType.AMO_PUBLIQUE, SupportType.OUTILS_ANALYSE}
    ),
    RequestKind.TERRITORIAL_PACT: frozenset(),
    RequestKind.PROGRAMME: frozenset(),
}
"""Which support types a kind of request may name."""

FIELDS_OF: dict[RequestKind, frozenset[Field]] = {
    RequestKind.TAILORED_SUPPORT: frozenset(
        {
            Field.REVITALISATION_COMMERCIALE,
            Field.SERVICES_PUBLICS_SANTE,
            Field.NUMERIQUE,
            Field.MOBILITE,
            Field.TRANSITION_ECOLOGIQUE,
            Field.RENOUVELLEMENT_URBAIN,
            Field.HABITAT,
            Field.TOURISME_DEVELOPPEMENT_ECONOMIQUE,
            Field.FONDS_EUROPEENS,
            Field.AUTRE,
        }
    ),
    RequestKind.TERRITORIAL_PROJECT: frozenset(
        {
            Field.DYNAMIQUES_TERRITORIALES,
            Field.ATOUTS_FAIBLESSES,
            Field.CONCERTATION,
            Field.ORIENTATIONS_PLAN_ACTION,
        }
    ),
    RequestKind.TERRITORIAL_PACT: frozenset(),
    RequestKind.PROGRAMME: frozenset(),
}
"""Which fields a kind of request may name."""


class Team(StrEnum):
    """The team that has the request, or must act."""

    APPLICANT = "applicant"
    DEPARTEMENT = "departement"
    PROVIDER = "provider"
    NATIONAL = "national"


class Role(StrEnum):
    """The role of the person who acted."""

    APPLICANT = "applicant"
    SAT_AGENT = "sat_agent"
    DELEGATE = "delegate"
    PROVIDER = "provider"
    NATIONAL_AGENT = "national_agent"
    COMMITTEE_SECRETARY = "committee_secretary"
    PROGRAMME_AGENT = "programme_agent"
    PARTY = "party"
    OPERATOR = "operator"
    SYSTEM = "system"


class LocalOffer(StrEnum):
    """What the search for local engineering found."""

    NONE = "none"
    INSUFFICIENT = "insufficient"
    SUFFICIENT = "sufficient"


class Outcome(StrEnum):
    """What a SAT agent may propose and a délégué validate."""

    LOCAL_ORIENTATION = "local_orientation"
    LOCAL_SUPPORT = "local_support"
    PROGRAMME = "programme"
    ESCALATION = "escalation"
    REFUSAL = "refusal"
    TRANSFER = "transfer"


class EscalationMotive(StrEnum):
    """Why a département cannot answer alone."""

    NO_LOCAL_OFFER = "no_local_offer"
    LOCAL_OFFER_INSUFFICIENT = "local_offer_insufficient"
    COMPLEX_OR_MULTITHEMATIC = "complex_or_multithematic"


class CommitteeOutcome(StrEnum):
    """What the comité de suivi de projet may decide."""

    GRANTED = "granted"
    GRANTED_WITH_RESERVE = "granted_with_reserve"
    DEFERRED = "deferred"
    RETURNED = "returned"
    REFUSED = "refused"


class ReserveBlocks(StrEnum):
    """What a reserve of the committee holds back until it is lifted: this step, and those that follow it."""

    MOBILISATION = "mobilisation"
    ACCOMPANIMENT = "accompaniment"
    PAYMENT = "payment"


class OpenKind(StrEnum):
    """What may be open when an accompaniment ends."""

    ORDER = "order"
    PAYMENT = "payment"
    MILESTONE = "milestone"
    START = "start"


class MobilisationKind(StrEnum):
    """Where a mobilised resource comes from."""

    INTERNAL = "internal"
    EXTERNAL = "external"


class MobilisationStep(StrEnum):
    """Where a mobilised resource has come to."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    UNDER_WAY = "under_way"
    DELIVERED = "delivered"


class OrderEntry(StrEnum):
    """What is noted of an order."""

    DELIVERY = "delivery"
    PAYMENT = "payment"


class FinancerKind(StrEnum):
    """Kinds of payers of a share of a project."""

    ANCT = "anct"
    APPLICANT = "applicant"
    STATE = "state"
    LOCAL_AUTHORITY = "local_authority"
    OTHER = "other"


class EvaluationRound(StrEnum):
    """When the applicant is asked what came of it."""

    COMPLETION = "completion"
    SIX_MONTHS = "six_months"


class WithdrawalReason(StrEnum):
    """Why a request can no longer be withdrawn."""

    PROVIDER_ENGAGED = "provider_engaged"
    REFUSED = "refused"
    MOBILISED = "mobilised"
    ACCOMPANIED = "accompanied"
    PROGRAMME_ENGAGED = "programme_engaged"
    COMPLETED = "completed"


class Stage(StrEnum):
    """The stages that have a clock."""

    REGISTER = "register"
    START_EXAMINATION = "start_examination"
    QUALIFY = "qualify"
    PROVIDER_ANSWER = "provider_answer"
    ADMISSIBILITY = "admissibility"
    COMMITTEE = "committee"
    MILESTONE = "milestone"


class LocalClock(StrEnum):
    """What of the work of a local answer has a last day."""

    START = "start"
    MILESTONE = "milestone"
    END = "end"


class LocalStage(StrEnum):
    """The stages of the work of a local answer, as figures name them."""

    LOCAL_START = "local_start"
    LOCAL_WORK = "local_work"


class LocalEnd(StrEnum):
    """Why the work of a local answer ends without a result."""

    PROVIDER_STOPPED = "provider_stopped"
    APPLICANT_GAVE_UP = "applicant_gave_up"
    NO_RESULT = "no_result"
