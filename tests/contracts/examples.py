"""One example of every event; the golden files were written from them, and later examples may only be added."""

from datetime import UTC, date, datetime
from uuid import UUID

from shared.contracts import escalation, forms, intake, notifications, qualification
from shared.contracts.fact import Actor, Fact
from shared.contracts.vocabulary import (
    ApplicantKind,
    CommitteeOutcome,
    EscalationMotive,
    EvaluationRound,
    Field,
    FinancerKind,
    LocalClock,
    LocalEnd,
    LocalOffer,
    MobilisationKind,
    MobilisationStep,
    OrderEntry,
    Outcome,
    Programme,
    RequestKind,
    Role,
    Stage,
    SupportType,
    Team,
    WithdrawalReason,
)


def _id(number: int) -> UUID:
    return UUID(f"01990000-0000-7000-8000-{number:012d}")


AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
REQUEST_ID = _id(1)
AGENT = Actor(role=Role.SAT_AGENT, name="Agent du SAT", email="sat95@cousu.test")
DELEGATE = Actor(role=Role.DELEGATE, name="Délégué", email="delegue95@cousu.test")
NATIONAL = Actor(role=Role.NATIONAL_AGENT, name="Équipe nationale", email="national@cousu.test")
SECRETARY = Actor(role=Role.COMMITTEE_SECRETARY, name="Secrétariat", email="secretaire@cousu.test")

LOCAL_PROVIDER = Actor(role=Role.PROVIDER, name="CAUE du Val-d’Oise")

APPLICANT = intake.Applicant(
    kind=ApplicantKind.COMMUNE,
    code="95355",
    name="Magny-en-Vexin",
    departement="95",
    departements=("95",),
    region="11",
    epci="249500513",
    population=5779,
)
REQUEST = intake.Request(
    number="95-2026-000123",
    applicant=APPLICANT,
    contact=intake.Contact(
        name="Secrétariat de mairie", role="Secrétaire de mairie", email="mairie@commune.test", phone="01 00 00 00 00"
    ),
    kind=RequestKind.TAILORED_SUPPORT,
    title="Redonner vie aux commerces du centre-bourg",
    description="Quatre locaux sont vides sur la place. Nous cherchons une aide pour définir le projet.",
    support_types=(SupportType.INGENIERIE_PROJET,),
    fields=(Field.REVITALISATION_COMMERCIALE, Field.HABITAT),
    budget_cents=12_000_000,
    desired_start=date(2026, 9, 1),
    engineering_sought="Le CAUE a été consulté.",
    submitted_at=AT,
)
DOCUMENT = intake.Document(
    id=_id(2), name="plan.pdf", media_type="application/pdf", size=48_213, sha256="0" * 64, added_at=AT
)
SERVICE = qualification.Service(
    name="Service de l’accompagnement des territoires – DDT95",
    address="5 avenue Bernard Hirsch, CS20105, 95010 Cergy-Pontoise cedex",
    email="anct95@val-doise.gouv.fr",
    phone="01.34.25.26.00",
)
QUALIFICATION = qualification.Qualification(
    need=4,
    capacity=1,
    complexity=4,
    urgency=3,
    maturity=2,
    local_offer=LocalOffer.INSUFFICIENT,
    opinion="Besoin réel, commune sans ingénierie.",
    fully_covered=False,
)
TRIED = qualification.ProviderTried(provider_id=_id(3), name="CAUE du Val-d’Oise", answer="Plan de charge complet.")
EVIDENCE = qualification.Evidence(
    motive_code=EscalationMotive.LOCAL_OFFER_INSUFFICIENT,
    motive="L’offre locale ne couvre pas le volet commercial.",
    providers_tried=(TRIED,),
    opinion="Avis favorable du préfet.",
)
DOSSIER = qualification.Dossier(
    request=REQUEST,
    qualification=QUALIFICATION,
    messages=(qualification.DossierMessage(at=AT, author=Team.APPLICANT, text="Voici le plan."),),
    documents=(DOCUMENT,),
    history=(
        qualification.DossierStep(
            at=AT, type="intake.request_submitted.v1", label="Demande déposée", team=Team.APPLICANT
        ),
    ),
    exchanges=qualification.Exchanges(id=_id(30), parts=1, messages=1, steps=1),
)
PROVIDER = qualification.Provider(id=_id(3), name="CAUE du Val-d’Oise", email="caue95@cousu.test")
DECISION = escalation.Decision(
    id=_id(4),
    number="CSP-2026-0001",
    outcome=CommitteeOutcome.GRANTED_WITH_RESERVE,
    motive="Projet structurant pour le bourg.",
    support_types=(SupportType.AMO_PUBLIQUE,),
    amount_cents=2_500_000,
    reserve="Délibération du conseil municipal attendue.",
    decided_on=date(2026, 4, 14),
    session_id=_id(5),
    signed_by=SECRETARY,
)

_BASE = {"request_id": REQUEST_ID, "departement": "95", "at": AT}
_PACT = {"request_id": _id(6), "departement": "95", "at": AT, "title": "Pacte du Vexin"}
_DIRECTED = {"programme": Programme.PETITES_VILLES_DE_DEMAIN, "by": NATIONAL}
_EXCHANGES = {"exchange_id": _id(30), "part": 1, "messages": DOSSIER.messages, "history": DOSSIER.history}
_MAIL = {
    **_BASE,
    "delivery_id": _id(7),
    "event_id": _id(8),
    "audience": "applicant",
    "template": "request_submitted",
}

_WITHDRAWAL = {
    **_BASE,
    "withdrawn_at": datetime(2026, 3, 2, 8, 15, tzinfo=UTC),
    "motive": "Le projet est abandonné.",
}

_GIVEN: list[tuple[type[Fact], dict[str, object]]] = [
    (intake.RequestSubmitted, {**_BASE, "request": REQUEST}),
    (intake.InformationProvided, {**_BASE, "text": "Le plan est joint."}),
    (intake.MessagePosted, {**_BASE, "message_id": _id(9), "text": "Bonjour"}),
    (intake.DocumentAdded, {**_BASE, "document": DOCUMENT}),
    (
        intake.ProgressTold,
        {
            **_BASE,
            "report_id": _id(18),
            "milestone_id": _id(14),
            "milestone": "Diagnostic remis",
            "percent": 40,
            "text": "Les habitants ont été réunis deux fois.",
        },
    ),
    (intake.RequestWithdrawn, {**_BASE, "motive": "Le projet est abandonné."}),
    (intake.TrackingLinkReplaced, {**_BASE, "link_generation": 2}),
    (
        intake.ColleagueInvited,
        {**_BASE, "colleague_id": _id(15), "name": "Direction des services", "email": "dgs@commune.test"},
    ),
    (intake.ColleagueRemoved, {**_BASE, "colleague_id": _id(15)}),
    (
        intake.EvaluationSubmitted,
        {
            **_BASE,
            "number": REQUEST.number,
            "applicant": APPLICANT,
            "fields": REQUEST.fields,
            "need_met": 4,
            "progress": 5,
            "satisfaction": 4,
            "impact": "Deux commerces ont rouvert.",
        },
    ),
    (
        intake.EvaluationAwaited,
        {**_BASE, "round": EvaluationRound.SIX_MONTHS, "reminder": False, "until": date(2027, 4, 30)},
    ),
    (intake.RequestClosed, _BASE),
    (
        forms.RequestAccepted,
        {
            **_BASE,
            "filed_from": "/forms/epci",
            "filed_id": "41",
            "number": REQUEST.number,
            "tracking_url": "https://demandes.example/suivi/lien-secret",
        },
    ),
    (
        forms.RequestRefused,
        {
            **_BASE,
            "filed_from": "/forms/epci",
            "filed_id": "42",
            "code": "invalid",
            "detail": "Certaines informations sont à corriger.",
            "errors": (forms.FieldRefused(field="title", message="Ce champ est obligatoire."),),
        },
    ),
    (
        qualification.RequestRegistered,
        {**_BASE, "number": REQUEST.number, "service": SERVICE, "due_on": date(2026, 3, 16)},
    ),
    (qualification.ExaminationStarted, {**_BASE, "by": AGENT, "due_on": date(2026, 4, 13)}),
    (
        qualification.InformationRequested,
        {**_BASE, "items": ("Le plan du centre-bourg",), "until": date(2026, 3, 20), "by": AGENT},
    ),
    (qualification.MessagePosted, {**_BASE, "message_id": _id(10), "text": "Bonjour", "by": AGENT}),
    (qualification.RequestQualified, {**_BASE, "qualification": QUALIFICATION, "by": AGENT}),
    (qualification.OutcomeProposed, {**_BASE, "outcome": Outcome.ESCALATION, "by": AGENT}),
    (qualification.ProposalRejected, {**_BASE, "motive": "Consultez d’abord l’EPF.", "by": DELEGATE}),
    (qualification.ProposalTakenBack, {**_BASE, "by": AGENT}),
    (qualification.ExchangesShared, {**_BASE, **_EXCHANGES, "outcome": Outcome.ESCALATION}),
    (
        qualification.ExchangesTransferred,
        {**_BASE, **_EXCHANGES, "departement": "78", "from_departement": "95", "outcome": Outcome.TRANSFER},
    ),
    (
        qualification.OrientedLocally,
        {
            **_BASE,
            "orientation_id": _id(11),
            "provider": PROVIDER,
            "until": date(2026, 4, 1),
            "motive": "Compétence locale disponible.",
            "by": DELEGATE,
            "dossier": DOSSIER,
        },
    ),
    (qualification.OrientationAccepted, {**_BASE, "orientation_id": _id(11), "provider": PROVIDER}),
    (
        qualification.OrientationDeclined,
        {**_BASE, "orientation_id": _id(11), "provider": PROVIDER, "motive": "Plan de charge complet."},
    ),
    (
        qualification.OrientationLinkReplaced,
        {
            **_BASE,
            "orientation_id": _id(11),
            "provider": PROVIDER,
            "email": "direction@caue95.test",
            "link_generation": 2,
            "until": date(2026, 4, 13),
            "by": AGENT,
        },
    ),
    (
        qualification.SupportedLocally,
        {
            **_BASE,
            "support_types": (SupportType.INGENIERIE_PROJET,),
            "amount_cents": 1_500_000,
            "motive": "Étude prise en charge.",
            "by": DELEGATE,
        },
    ),
    (
        qualification.LocalWorkStarted,
        {
            **_BASE,
            "provider": PROVIDER,
            "started_on": date(2026, 3, 9),
            "ends_on": date(2026, 9, 8),
            "by": LOCAL_PROVIDER,
        },
    ),
    (
        qualification.LocalMilestoneSet,
        {
            **_BASE,
            "milestone_id": _id(31),
            "title": "Diagnostic remis",
            "due_on": date(2026, 5, 4),
            "deliverable": "Rapport de diagnostic",
            "by": LOCAL_PROVIDER,
        },
    ),
    (
        qualification.LocalMilestonePostponed,
        {
            **_BASE,
            "milestone_id": _id(31),
            "title": "Diagnostic remis",
            "due_on": date(2026, 6, 1),
            "was_due_on": date(2026, 5, 4),
            "motive": "Les plans manquent.",
            "by": AGENT,
        },
    ),
    (
        qualification.LocalMilestoneReached,
        {
            **_BASE,
            "milestone_id": _id(31),
            "title": "Diagnostic remis",
            "due_on": date(2026, 6, 1),
            "reached_on": date(2026, 5, 28),
            "by": LOCAL_PROVIDER,
        },
    ),
    (
        qualification.LocalEndPostponed,
        {
            **_BASE,
            "ends_on": date(2026, 12, 1),
            "was_ends_on": date(2026, 9, 8),
            "motive": "L’été retarde les réunions.",
            "by": AGENT,
        },
    ),
    (
        qualification.LocalProgressReported,
        {
            **_BASE,
            "report_id": _id(32),
            "milestone_id": _id(31),
            "milestone": "Diagnostic remis",
            "percent": 60,
            "text": "La visite du site est faite.",
            "by": LOCAL_PROVIDER,
        },
    ),
    (
        qualification.LocalDeliverableAdded,
        {
            **_BASE,
            "document": DOCUMENT,
            "milestone_id": _id(31),
            "milestone": "Diagnostic remis",
            "by": LOCAL_PROVIDER,
        },
    ),
    (
        qualification.LocalWorkCompleted,
        {
            **_BASE,
            "provider": PROVIDER,
            "report": "Le diagnostic est remis, deux commerces rouvrent.",
            "carry_reason": "La réunion publique est reportée après les élections.",
            "evaluation_until": date(2026, 10, 8),
            "by": LOCAL_PROVIDER,
        },
    ),
    (
        qualification.LocalWorkStopped,
        {
            **_BASE,
            "reason": LocalEnd.PROVIDER_STOPPED,
            "motive": "Notre équipe n’est plus disponible.",
            "reopens": True,
            "given_back_cents": 0,
            "provider": PROVIDER,
            "orientation_id": _id(11),
            "link_generation": 2,
            "by": LOCAL_PROVIDER,
        },
    ),
    *(
        (
            kind,
            {
                **_BASE,
                "number": REQUEST.number,
                "clock": LocalClock.MILESTONE,
                "title": "Diagnostic remis",
                "due_on": date(2026, 5, 4),
                "milestone_id": _id(31),
                "provider": PROVIDER,
                "orientation_id": _id(11),
                "link_generation": 2,
            },
        )
        for kind in (qualification.LocalWorkDueSoon, qualification.LocalWorkOverdue)
    ),
    (
        qualification.DirectedToProgramme,
        {
            **_BASE,
            "programme": Programme.PETITES_VILLES_DE_DEMAIN,
            "motive": "Commune lauréate.",
            "by": DELEGATE,
            "dossier": DOSSIER,
        },
    ),
    (
        qualification.RequestEscalated,
        {**_BASE, "evidence": EVIDENCE, "dossier": DOSSIER, "service": SERVICE, "by": DELEGATE},
    ),
    (qualification.NationalQuestionAnswered, {**_BASE, "text": "La délibération est jointe.", "by": AGENT}),
    (
        qualification.RequestRefused,
        {**_BASE, "motive": "Hors du champ de l’agence.", "appeal": "Recours sous deux mois.", "by": DELEGATE},
    ),
    (
        qualification.RequestTransferred,
        {
            **_BASE,
            "departement": "78",
            "from_departement": "95",
            "motive": "Le projet est dans les Yvelines.",
            "by": DELEGATE,
            "dossier": DOSSIER,
        },
    ),
    (qualification.WithdrawalAccepted, {**_WITHDRAWAL, "void": "supported_locally", "given_back_cents": 1_500_000}),
    (
        qualification.WithdrawalDeclined,
        {**_WITHDRAWAL, "state": "oriented_locally", "reason": WithdrawalReason.PROVIDER_ENGAGED},
    ),
    (
        qualification.StageOverdue,
        {**_BASE, "number": REQUEST.number, "stage": Stage.QUALIFY, "due_on": date(2026, 4, 13)},
    ),
    (
        qualification.StageDueSoon,
        {**_BASE, "number": REQUEST.number, "stage": Stage.QUALIFY, "due_on": date(2026, 4, 13)},
    ),
    (
        qualification.OrientationDueSoon,
        {**_BASE, "orientation_id": _id(9), "provider": PROVIDER, "until": date(2026, 4, 13)},
    ),
    (qualification.InformationDueSoon, {**_BASE, "until": date(2026, 4, 13)}),
    (
        qualification.NationalQuestionDueSoon,
        {**_BASE, "question": "Le plan de financement est-il arrêté ?", "until": date(2026, 4, 13)},
    ),
    (qualification.PactOpened, {**_PACT, "parties": ("État", "CC du Vexin-Val de Seine")}),
    (qualification.PactDiagnosisShared, {**_PACT, "version": 1}),
    (qualification.PactDiagnosisAgreed, {**_PACT, "party": "État", "complete": False}),
    (
        qualification.PactPartyInvited,
        {
            **_PACT,
            "party_id": _id(13),
            "party": "CC du Vexin-Val de Seine",
            "email": "accueil@vexin.test",
            "link_generation": 2,
            "expected": "agree",
            "by": AGENT,
        },
    ),
    (qualification.PactActionAdded, {**_PACT, "action_id": _id(12), "action": "Rouvrir la gare"}),
    (qualification.PactActionRemoved, {**_PACT, "action_id": _id(12), "action": "Rouvrir la gare"}),
    (qualification.PactActionChanged, {**_PACT, "action_id": _id(12), "action": "Rouvrir la halte"}),
    (qualification.PactPartyAdded, {**_PACT, "party": "Magny-en-Vexin", "by": AGENT}),
    (
        qualification.PactPartyCorrected,
        {**_PACT, "party": "Magny", "name": "Magny-en-Vexin", "link_generation": 2, "by": AGENT},
    ),
    (
        qualification.PactPartyRemoved,
        {
            **_PACT,
            "party_id": _id(13),
            "party": "Magny-en-Vexin",
            "link_generation": 2,
            "email": "mairie@magny.test",
            "complete": True,
            "from_version": 2,
            "by": AGENT,
        },
    ),
    (qualification.PactPlanReady, {**_PACT, "version": 1, "sha256": "0" * 64, "by": AGENT}),
    (qualification.PactPlanReopened, {**_PACT, "version": 1, "by": AGENT}),
    (qualification.PactVersionStarted, {**_PACT, "version": 2, "by": AGENT}),
    (qualification.PactVersionGivenUp, {**_PACT, "version": 2, "in_force": 1, "diagnosis": 1, "by": AGENT}),
    (
        qualification.PactSignatureReminded,
        {
            **_PACT,
            "party_id": _id(13),
            "party": "Magny-en-Vexin",
            "email": "mairie@magny.test",
            "link_generation": 2,
            "asked_on": date(2026, 3, 30),
        },
    ),
    (qualification.PactSigned, {**_PACT, "party": "État", "complete": False}),
    (qualification.PactProgressReported, {**_PACT, "action_id": _id(12), "percent": 40, "status": "under_way"}),
    (qualification.PactReviewed, {**_PACT, "held_on": date(2027, 3, 1)}),
    (escalation.EscalationReceived, {**_BASE, "number": REQUEST.number, "due_on": date(2026, 3, 30)}),
    (escalation.InformationRequested, {**_BASE, "question": "Le foncier est-il maîtrisé ?", "by": NATIONAL}),
    (escalation.AdmissibilitySettled, {**_BASE, "opinion": "Recevable.", "by": NATIONAL}),
    (escalation.EscalationReturned, {**_BASE, "motive": "Une offre locale existe.", "by": NATIONAL}),
    (
        escalation.SessionScheduled,
        {
            **_BASE,
            "session_id": _id(5),
            "title": "Comité d’avril",
            "held_on": date(2026, 4, 14),
            "by": SECRETARY,
        },
    ),
    (escalation.DecisionMade, {**_BASE, "decision": DECISION}),
    (
        escalation.DecisionCorrected,
        {
            **_BASE,
            "decision": DECISION.model_copy(
                update={
                    "id": _id(15),
                    "number": "CSP-2026-0002",
                    "corrects": "CSP-2026-0001",
                    "reserve_until": date(2026, 6, 30),
                    "votes": escalation.Votes(in_favour=5, against=1, abstained=1),
                    "signatory": "Pour le comité, sa présidence",
                    "appeal": "Recours devant le tribunal administratif dans les deux mois.",
                }
            ),
            "under_way": False,
        },
    ),
    (
        escalation.ReserveLifted,
        {
            **_BASE,
            "number": "CSP-2026-0001",
            "motive": "La délibération est reçue.",
            "lifted_on": date(2026, 5, 20),
            "by": NATIONAL,
        },
    ),
    (
        escalation.ResourceMobilised,
        {
            **_BASE,
            "mobilisation_id": _id(13),
            "kind": MobilisationKind.EXTERNAL,
            "resource": "Marché d’ingénierie",
            "amount_cents": 2_400_000,
            "lot": "Lot 3",
            "by": NATIONAL,
        },
    ),
    (
        escalation.ResourceProgressed,
        {
            **_BASE,
            "mobilisation_id": _id(13),
            "resource": "Marché d’ingénierie",
            "step": MobilisationStep.ACCEPTED,
            "by": NATIONAL,
        },
    ),
    (
        escalation.OrderBooked,
        {
            **_BASE,
            "entry_id": _id(16),
            "mobilisation_id": _id(13),
            "resource": "Marché d’ingénierie",
            "entry": OrderEntry.PAYMENT,
            "amount_cents": 1_200_000,
            "dated": date(2026, 7, 10),
            "reference": "Facture 2026-118",
            "by": NATIONAL,
        },
    ),
    (
        escalation.FinancingPlanned,
        {
            **_BASE,
            "total_cents": 3_000_000,
            "shares": (
                escalation.FinancingShare(kind=FinancerKind.ANCT, financer="ANCT", amount_cents=2_400_000),
                escalation.FinancingShare(kind=FinancerKind.APPLICANT, financer="Commune", amount_cents=600_000),
            ),
            "by": NATIONAL,
        },
    ),
    (
        escalation.AccompanimentStarted,
        {**_BASE, "starts_on": date(2026, 5, 4), "ends_on": date(2026, 12, 18), "by": NATIONAL},
    ),
    (
        escalation.MilestonePlanned,
        {**_BASE, "milestone_id": _id(14), "title": "Diagnostic remis", "due_on": date(2026, 7, 1)},
    ),
    (
        escalation.MilestoneReached,
        {
            **_BASE,
            "milestone_id": _id(14),
            "title": "Diagnostic remis",
            "due_on": date(2026, 7, 1),
            "reached_on": date(2026, 6, 26),
        },
    ),
    (
        escalation.MilestoneCancelled,
        {
            **_BASE,
            "milestone_id": _id(14),
            "title": "Diagnostic remis",
            "due_on": date(2026, 8, 1),
            "motive": "Le diagnostic existe déjà.",
            "by": NATIONAL,
        },
    ),
    (
        escalation.AccompanimentRescheduled,
        {
            **_BASE,
            "starts_on": date(2026, 6, 1),
            "ends_on": date(2026, 12, 31),
            "was_starts_on": date(2026, 5, 4),
            "was_ends_on": date(2026, 10, 30),
            "motive": "Le bureau d’études commence en juin.",
            "by": NATIONAL,
        },
    ),
    (
        escalation.MilestonePostponed,
        {
            **_BASE,
            "milestone_id": _id(14),
            "title": "Diagnostic remis",
            "due_on": date(2026, 8, 1),
            "was_due_on": date(2026, 7, 1),
            "motive": "Les relevés sont retardés.",
            "by": NATIONAL,
        },
    ),
    (
        escalation.ProgressReported,
        {
            **_BASE,
            "report_id": _id(17),
            "milestone_id": _id(14),
            "milestone": "Diagnostic remis",
            "percent": 40,
            "text": "Les entretiens sont faits.",
            "team": Team.PROVIDER,
            "author": "Atelier des Bourgs",
        },
    ),
    (
        escalation.DeliverableAdded,
        {**_BASE, "document": DOCUMENT, "team": Team.PROVIDER, "author": "Atelier des Bourgs"},
    ),
    (
        escalation.ProviderInvited,
        {
            **_BASE,
            "mobilisation_id": _id(13),
            "provider": "Atelier des Bourgs",
            "email": "contact@atelier.test",
            "link_generation": 1,
            "by": NATIONAL,
        },
    ),
    (escalation.AccompanimentCompleted, {**_BASE, "report": "Le projet est prêt à être financé.", "by": NATIONAL}),
    (escalation.EvaluationRequested, {**_BASE, "until": date(2027, 1, 29)}),
    (
        escalation.StageOverdue,
        {**_BASE, "number": REQUEST.number, "stage": Stage.ADMISSIBILITY, "due_on": date(2026, 3, 30)},
    ),
    (
        escalation.StageDueSoon,
        {
            **_BASE,
            "number": REQUEST.number,
            "stage": Stage.MILESTONE,
            "due_on": date(2026, 3, 30),
            "what": "Étude de faisabilité",
        },
    ),
    (
        escalation.ProgrammeRequestTakenUp,
        {**_BASE, **_DIRECTED, "interlocutor": "Équipe Petites Villes de Demain, 01 00 00 00 00"},
    ),
    (escalation.ProgrammeRequestDeclined, {**_BASE, **_DIRECTED, "motive": "La commune n’est pas lauréate."}),
    (escalation.ProgrammeRequestCompleted, {**_BASE, **_DIRECTED, "report": "La convention est signée."}),
    (escalation.WithdrawalAccepted, {**_WITHDRAWAL, "void": "granted"}),
    (
        escalation.WithdrawalDeclined,
        {**_WITHDRAWAL, "state": "mobilising", "reason": WithdrawalReason.MOBILISED},
    ),
    (
        escalation.ProgrammeCoverageSet,
        {
            **_BASE,
            "request_id": escalation.coverage_id(Programme.PETITES_VILLES_DE_DEMAIN, "95"),
            "programme": Programme.PETITES_VILLES_DE_DEMAIN,
            "territories": (
                escalation.CoveredTerritory(
                    kind=ApplicantKind.COMMUNE,
                    code="95355",
                    name="Magny-en-Vexin",
                    since=date(2021, 1, 1),
                    until=date(2026, 12, 31),
                ),
            ),
            "by": NATIONAL,
        },
    ),
    (notifications.DeliverySucceeded, _MAIL),
    (notifications.DeliveryFailed, {**_MAIL, "reason": "550 mailbox unavailable", "takes_no_mail": True}),
    (notifications.ReplyReceived, {**_MAIL, "reply_id": _id(9), "text": "Mardi nous convient."}),
]

EXAMPLES: dict[str, Fact] = {fact.wire_type: fact.model_validate(given) for fact, given in _GIVEN}
"""Wire type → example."""
