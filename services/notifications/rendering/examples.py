"""One example of each event that makes a mail, for the previews and tests of templates."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, get_args
from uuid import UUID

from services.notifications.domain.audiences import Mail
from services.notifications.domain.directory import ServiceInCharge
from services.notifications.store.requests import KnownRequest
from shared.contracts import escalation as e
from shared.contracts import intake, notifications, qualification
from shared.contracts import vocabulary as v
from shared.contracts.fact import Actor, Fact

REQUEST_ID: Final = UUID("0190a000-0000-7000-8000-000000000001")
OTHER_ID: Final = UUID("0190a000-0000-7000-8000-000000000002")
NUMBER: Final = "95-2027-000123"
AT: Final = datetime(2027, 1, 12, 13, 5, tzinfo=UTC)
DUE: Final = date(2027, 2, 1)

_PACT: Final = "Pacte territorial du Vexin"
_PARTY: Final[Mapping[str, Any]] = {
    "title": _PACT,
    "party_id": OTHER_ID,
    "party": "Communauté de communes d’exemple",
    "email": "accueil@communaute.test",
    "link_generation": 1,
}
_SAT = Actor(role=v.Role.SAT_AGENT, name="Agent du SAT")
_DELEGATE = Actor(role=v.Role.DELEGATE, name="Délégué territorial")
_NATIONAL = Actor(role=v.Role.NATIONAL_AGENT, name="Équipe nationale")
_GIVEN_UP = "Le projet est reporté."
_MOTIVE = "Le projet demande plusieurs compétences.\nUne première visite a eu lieu."

_APPEAL = (
    "Vous pouvez contester cette décision dans les deux mois qui suivent sa notification, par un recours gracieux "
    "adressé au préfet ou un recours contentieux devant le tribunal administratif de Cergy-Pontoise."
)

_APPLICANT = intake.Applicant(
    kind=v.ApplicantKind.COMMUNE, code="95000", name="Commune d’exemple", departement="95", departements=("95",)
)
_REQUEST = intake.Request(
    number=NUMBER,
    applicant=_APPLICANT,
    contact=intake.Contact(name="Contact de la commune", role="Direction des services", email="contact@commune.test"),
    kind=v.RequestKind.TAILORED_SUPPORT,
    title="Rouvrir les commerces du centre-bourg",
    description="Quatre locaux sont vides autour de la place.",
    support_types=(v.SupportType.INGENIERIE_PROJET,),
    fields=(v.Field.REVITALISATION_COMMERCIALE, v.Field.MOBILITE),
    submitted_at=AT,
)
_DOSSIER = qualification.Dossier(request=_REQUEST)
_PROVIDER = qualification.Provider(
    id=OTHER_ID, name="Agence technique départementale", email="accueil@agence.test", phone="01 00 00 00 00"
)
SERVICE: Final = ServiceInCharge(
    name="Service de l’accompagnement des territoires – DDT 95",
    address="1 place de l’Exemple, 95000 Exemple",
    email="sat@exemple.test",
    phone="01 00 00 00 95",
)
_SERVICE = qualification.Service(**SERVICE.model_dump())
_ACT = qualification.Act(
    author="Prénom Nom", quality="délégué territorial adjoint, par délégation du préfet", service=_SERVICE
)
_CONTESTABLE = _ACT.model_copy(update={"appeal": _APPEAL, "court": "tribunal administratif de Cergy-Pontoise"})
_DECISION = e.Decision(
    id=OTHER_ID,
    number="CSP-2027-0001",
    outcome=v.CommitteeOutcome.GRANTED_WITH_RESERVE,
    motive=_MOTIVE,
    support_types=(v.SupportType.INGENIERIE_PROJET,),
    amount_cents=25_000_00,
    reserve="L’intercommunalité est associée au pilotage.",
    decided_on=date(2027, 3, 2),
    session_id=OTHER_ID,
    signed_by=Actor(role=v.Role.COMMITTEE_SECRETARY, name="Secrétariat du comité"),
)
_WHERE: Final = {"request_id": REQUEST_ID, "departement": "95", "at": AT}

KNOWN: Final = KnownRequest(
    request_id=REQUEST_ID,
    number=NUMBER,
    title=_REQUEST.title,
    applicant=_APPLICANT.name,
    contact_name=_REQUEST.contact.name,
    contact_email=_REQUEST.contact.email,
    departement="95",
    link_generation=1,
    escalated=True,
)


_LOCAL_PROVIDER: Final = {"provider": _PROVIDER, "orientation_id": OTHER_ID}
_OF_A_MILESTONE: Final = {"clock": v.LocalClock.MILESTONE, "title": "Diagnostic remis", "milestone_id": OTHER_ID}
_AS_PROVIDER: Final = Actor(role=v.Role.PROVIDER, name=_PROVIDER.name)
_OF_LOCAL_WORK: Final[tuple[Fact, ...]] = (
    qualification.LocalWorkStarted(
        **_WHERE, provider=_PROVIDER, started_on=AT.date(), ends_on=date(2027, 7, 1), by=_AS_PROVIDER
    ),
    qualification.LocalWorkCompleted(
        **_WHERE,
        provider=_PROVIDER,
        report="Le diagnostic est remis.\nDeux commerces rouvrent.",
        evaluation_until=DUE,
        by=_AS_PROVIDER,
    ),
    qualification.LocalWorkStopped(
        **_WHERE,
        reason=v.LocalEnd.PROVIDER_STOPPED,
        motive="Notre équipe n’est plus disponible.",
        reopens=True,
        **_LOCAL_PROVIDER,
        by=_AS_PROVIDER,
    ),
    qualification.LocalWorkDueSoon(**_WHERE, number=NUMBER, due_on=DUE, **_OF_A_MILESTONE, **_LOCAL_PROVIDER),
    qualification.LocalWorkOverdue(**_WHERE, number=NUMBER, due_on=DUE, **_OF_A_MILESTONE, **_LOCAL_PROVIDER),
)
_OTHERS_OF_LOCAL_WORK: Final[tuple[Fact, ...]] = (
    qualification.LocalWorkStarted(**_WHERE, started_on=AT.date(), ends_on=date(2027, 7, 1), by=_SAT),
    qualification.LocalWorkCompleted(**_WHERE, report="L’étude est remise.", evaluation_until=DUE, by=_SAT),
    qualification.LocalWorkStopped(
        **_WHERE, reason=v.LocalEnd.APPLICANT_GAVE_UP, motive=_GIVEN_UP, reopens=False, **_LOCAL_PROVIDER, by=_SAT
    ),
    qualification.LocalWorkStopped(
        **_WHERE, reason=v.LocalEnd.APPLICANT_GAVE_UP, motive=_GIVEN_UP, reopens=False, by=_AS_PROVIDER
    ),
    *(
        kind(**_WHERE, number=NUMBER, due_on=DUE, clock=clock, **awaited)
        for kind in (qualification.LocalWorkDueSoon, qualification.LocalWorkOverdue)
        for clock in (v.LocalClock.START, v.LocalClock.END)
        for awaited in (_LOCAL_PROVIDER, {})
    ),
    *(
        kind(**_WHERE, number=NUMBER, due_on=DUE, **_OF_A_MILESTONE)
        for kind in (qualification.LocalWorkDueSoon, qualification.LocalWorkOverdue)
    ),
)


def facts() -> list[Fact]:
    """Return the examples."""
    where = _WHERE
    return [
        intake.RequestSubmitted(**where, request=_REQUEST),
        intake.InformationProvided(**where, text="Voici le plan de la place.\nLe chiffrage suivra."),
        intake.MessagePosted(**where, message_id=OTHER_ID, text="Pouvez-vous nous rappeler ?"),
        intake.DocumentAdded(
            **where,
            document=intake.Document(
                id=OTHER_ID, name="plan.pdf", media_type="application/pdf", size=1_258_291, sha256="0" * 64, added_at=AT
            ),
        ),
        intake.ProgressTold(
            **where,
            report_id=OTHER_ID,
            milestone="Diagnostic remis",
            percent=40,
            text="Les habitants ont été réunis deux fois.",
        ),
        intake.TrackingLinkReplaced(**where, link_generation=2),
        intake.ColleagueInvited(
            **where, colleague_id=OTHER_ID, name="Direction générale", email="direction@commune.test"
        ),
        intake.EvaluationAwaited(**where, round=v.EvaluationRound.SIX_MONTHS, reminder=False, until=date(2028, 4, 30)),
        intake.EvaluationAwaited(**where, round=v.EvaluationRound.COMPLETION, reminder=True, until=date(2027, 10, 31)),
        intake.EvaluationSubmitted(
            **where, number=NUMBER, applicant=_APPLICANT, need_met=4, progress=4, satisfaction=5
        ),
        # One that follows the filing at once makes no mail.
        qualification.RequestRegistered(
            **{**where, "at": AT + timedelta(days=1)}, number=NUMBER, service=_SERVICE, due_on=DUE
        ),
        qualification.InformationRequested(
            **where, items=("Le plan de la place", "La délibération du conseil municipal"), until=DUE, by=_SAT
        ),
        qualification.MessagePosted(
            **where, message_id=OTHER_ID, text="Bonjour,\n\nPouvons-nous visiter le site mardi ?", by=_SAT
        ),
        qualification.OutcomeProposed(**where, outcome=v.Outcome.ESCALATION, by=_SAT),
        qualification.ProposalRejected(**where, motive=_MOTIVE, by=_DELEGATE),
        qualification.OrientedLocally(
            **where,
            orientation_id=OTHER_ID,
            provider=_PROVIDER,
            until=DUE,
            motive=_MOTIVE,
            by=_DELEGATE,
            dossier=_DOSSIER,
            act=_ACT,
        ),
        qualification.OrientationAccepted(**where, orientation_id=OTHER_ID, provider=_PROVIDER, start_until=DUE),
        qualification.OrientationDeclined(**where, orientation_id=OTHER_ID, provider=_PROVIDER, motive=_MOTIVE),
        qualification.SupportedLocally(
            **where,
            support_types=(v.SupportType.INGENIERIE_PROJET,),
            amount_cents=12_000_00,
            motive=_MOTIVE,
            by=_DELEGATE,
            start_until=DUE,
            act=_CONTESTABLE,
        ),
        *_OF_LOCAL_WORK,
        qualification.DirectedToProgramme(
            **where,
            programme=v.Programme.PETITES_VILLES_DE_DEMAIN,
            motive=_MOTIVE,
            by=_DELEGATE,
            dossier=_DOSSIER,
            act=_ACT,
        ),
        qualification.RequestEscalated(
            **where,
            evidence=qualification.Evidence(
                motive_code=v.EscalationMotive.NO_LOCAL_OFFER, motive=_MOTIVE, opinion="Avis favorable."
            ),
            dossier=_DOSSIER,
            service=_SERVICE,
            by=_DELEGATE,
            act=_ACT,
        ),
        qualification.NationalQuestionAnswered(**where, text="Oui, l’étude existe.", by=_SAT),
        qualification.RequestRefused(
            **where,
            motive=_MOTIVE,
            appeal=_APPEAL,
            by=_DELEGATE,
            act=_CONTESTABLE,
        ),
        qualification.RequestTransferred(
            **where, from_departement="78", motive=_MOTIVE, by=_DELEGATE, dossier=_DOSSIER, act=_ACT
        ),
        qualification.WithdrawalAccepted(
            **where,
            withdrawn_at=AT,
            motive=_GIVEN_UP,
            void="oriented_locally",
            orientation_id=OTHER_ID,
            provider=_PROVIDER,
        ),
        qualification.WithdrawalDeclined(
            **where,
            withdrawn_at=AT,
            motive=_GIVEN_UP,
            state="oriented_locally",
            reason=v.WithdrawalReason.PROVIDER_ENGAGED,
        ),
        qualification.StageOverdue(**where, number=NUMBER, stage=v.Stage.START_EXAMINATION, due_on=date(2027, 1, 8)),
        qualification.StageDueSoon(**where, number=NUMBER, stage=v.Stage.QUALIFY, due_on=DUE),
        qualification.OrientationLinkReplaced(
            **where,
            orientation_id=OTHER_ID,
            provider=_PROVIDER,
            email=_PROVIDER.email,
            link_generation=2,
            until=DUE,
            by=_SAT,
        ),
        qualification.OrientationDueSoon(**where, orientation_id=OTHER_ID, provider=_PROVIDER, until=DUE),
        qualification.InformationDueSoon(**where, until=DUE),
        qualification.NationalQuestionDueSoon(**where, question="Le plan de financement est-il arrêté ?", until=DUE),
        qualification.PactPartyInvited(
            **where,
            **_PARTY,
            expected="agree",
            by=_SAT,
        ),
        qualification.PactPlanReady(**where, title=_PACT, version=1, sha256="0" * 64, by=_SAT),
        qualification.PactSignatureReminded(**where, **_PARTY, asked_on=date(2027, 1, 4)),
        qualification.PactPartyRemoved(**where, **_PARTY, by=_SAT),
        e.EscalationReceived(**where, number=NUMBER, due_on=DUE),
        e.InformationRequested(**where, question="L’étude de 2025 est-elle disponible ?", until=DUE, by=_NATIONAL),
        e.EscalationReturned(**where, motive=_MOTIVE, by=_NATIONAL),
        e.SessionScheduled(
            **where, session_id=OTHER_ID, title="Comité de mars", held_on=date(2027, 3, 2), by=_NATIONAL
        ),
        e.DecisionMade(**where, decision=_DECISION),
        e.DecisionCorrected(
            **where,
            decision=_DECISION.model_copy(update={"number": "CSP-2027-0013", "corrects": _DECISION.number}),
            under_way=False,
            was=e.Terms(
                outcome=v.CommitteeOutcome.GRANTED, support_types=_DECISION.support_types, amount_cents=40_000_00
            ),
        ),
        e.ReserveLifted(
            **where,
            number=_DECISION.number,
            motive="La délibération est reçue.",
            lifted_on=date(2027, 3, 20),
            by=_NATIONAL,
        ),
        e.AccompanimentStarted(**where, starts_on=date(2027, 4, 1), ends_on=date(2027, 9, 30), by=_NATIONAL),
        e.AccompanimentCompleted(**where, report="Trois commerces ont rouvert.", by=_NATIONAL),
        e.EvaluationRequested(**where, until=date(2027, 10, 31)),
        e.ProgrammeRequestTakenUp(
            **where,
            programme=v.Programme.PETITES_VILLES_DE_DEMAIN,
            interlocutor="La cheffe de projet du programme",
            by=_NATIONAL,
        ),
        e.ProgrammeRequestDeclined(
            **where, programme=v.Programme.PETITES_VILLES_DE_DEMAIN, motive=_MOTIVE, by=_NATIONAL
        ),
        e.ProgrammeRequestCompleted(
            **where,
            programme=v.Programme.PETITES_VILLES_DE_DEMAIN,
            report="La convention est signée.",
            by=_NATIONAL,
        ),
        e.WithdrawalAccepted(**where, withdrawn_at=AT, motive=_GIVEN_UP, void="granted"),
        e.WithdrawalDeclined(
            **where, withdrawn_at=AT, motive=_GIVEN_UP, state="mobilising", reason=v.WithdrawalReason.MOBILISED
        ),
        e.StageOverdue(**where, number=NUMBER, stage=v.Stage.ADMISSIBILITY, due_on=date(2027, 1, 8)),
        e.StageDueSoon(**where, number=NUMBER, stage=v.Stage.MILESTONE, due_on=DUE, what="Étude de faisabilité"),
        notifications.DeliveryFailed(
            **where,
            delivery_id=OTHER_ID,
            event_id=OTHER_ID,
            audience="applicant",
            template="message_posted",
            reason="550 5.1.1 Boîte inconnue",
            takes_no_mail=True,
        ),
        notifications.ReplyReceived(
            **where,
            delivery_id=OTHER_ID,
            event_id=OTHER_ID,
            audience="provider",
            template="orientation_asked",
            reply_id=OTHER_ID,
            text="Bonjour,\n\nNous pouvons visiter le site mardi.",
        ),
    ]


def variants() -> list[Fact]:
    """Return more examples of the facts whose templates do not always say the same."""
    where = _WHERE
    invited = example_of(qualification.PactPartyInvited)
    outcomes = (v.CommitteeOutcome.GRANTED, v.CommitteeOutcome.DEFERRED, v.CommitteeOutcome.REFUSED)
    return [
        *(
            e.DecisionMade(
                **where,
                decision=_DECISION.model_copy(
                    update={"outcome": outcome, "reserve": None, "support_types": (), "amount_cents": None}
                    | ({"appeal": _APPEAL} if outcome is v.CommitteeOutcome.REFUSED else {})
                ),
            )
            for outcome in outcomes
        ),
        e.DecisionMade(
            **where,
            decision=_DECISION.model_copy(
                update={
                    "outcome": v.CommitteeOutcome.RETURNED,
                    "reserve": None,
                    "support_types": (),
                    "amount_cents": None,
                }
            ),
        ),
        qualification.OrientationDeclined(
            **where, orientation_id=OTHER_ID, provider=_PROVIDER, motive="Sans réponse.", silent=True
        ),
        qualification.WithdrawalAccepted(
            **where, withdrawn_at=AT, motive=_GIVEN_UP, void="supported_locally", given_back_cents=12_000_00
        ),
        e.WithdrawalAccepted(
            **where,
            withdrawn_at=AT,
            motive=_GIVEN_UP,
            void="directed_to_programme",
            programme=v.Programme.PETITES_VILLES_DE_DEMAIN,
        ),
        *(invited.model_copy(update={"expected": expected}) for expected in ("sign", "report", "nothing")),
        *(invited.model_copy(update={"expected": "follow", "turn": turn}) for turn in get_args(qualification.PactTurn)),
        invited.model_copy(update={"expected": "sign", "version": 2}),
        example_of(qualification.PactPartyRemoved).model_copy(update={"from_version": 2}),
        notifications.DeliveryFailed(
            **where,
            delivery_id=OTHER_ID,
            event_id=OTHER_ID,
            audience="provider",
            template="orientation_asked",
            reason="452 4.2.2 Boîte pleine",
        ),
        *_OTHERS_OF_LOCAL_WORK,
    ]


def example_of(kind: type[Fact]) -> Fact:
    """Return the example of one fact."""
    return next(fact for fact in facts() if type(fact) is kind)


def examples_of(kind: type[Fact], mail: Mail) -> list[Fact]:
    """Return the examples of a fact that make this mail, the usual one first."""
    all_of_it = [fact for fact in (*facts(), *variants()) if type(fact) is kind]
    return [fact for fact in all_of_it if mail.when(fact, True)]
