"""Events of other services about a request: one factory for each step of its life."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from services.intake.domain.life import Status
from services.intake.domain.next_action import NextAction
from services.intake.domain.request import TrackedRequest
from services.intake.domain.withdrawal import Expected
from shared.clock import new_id
from shared.contracts import escalation, intake, qualification
from shared.contracts.fact import Actor, Fact
from shared.contracts.vocabulary import (
    ApplicantKind,
    CommitteeOutcome,
    EscalationMotive,
    Field,
    LocalEnd,
    LocalOffer,
    MobilisationKind,
    Outcome,
    Programme,
    RequestKind,
    Role,
    SupportType,
    Team,
)

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
AGENT = Actor(role=Role.SAT_AGENT, name="Agent du SAT", email="sat95@cousu.test")
NATIONAL = Actor(role=Role.NATIONAL_AGENT)
PROVIDER = qualification.Provider(
    id=new_id(), name="CAUE du Val-d’Oise", email="caue@cousu.test", phone="01 00 00 00 00"
)
LOCAL_PROVIDER = Actor(role=Role.PROVIDER, name=PROVIDER.name)
SERVICE = qualification.Service(name="SAT de la DDT 95", email="sat@cousu.test", phone="01 00 00 00 01")
ACT = qualification.Act(
    author="Camille Aubertin",
    quality="délégué territorial adjoint, par délégation du préfet du Val-d’Oise",
    service=SERVICE,
)
CONTESTABLE = ACT.model_copy(
    update={"appeal": "Recours sous deux mois.", "court": "tribunal administratif de Cergy-Pontoise"}
)
DUE = date(2026, 12, 1)


def at(minutes: int) -> datetime:
    """So many minutes after the beginning."""
    return START + timedelta(minutes=minutes)


def a_form() -> intake.Request:
    """What was filed."""
    return intake.Request(
        number="95-2026-000001",
        applicant=intake.Applicant(kind=ApplicantKind.COMMUNE, code="95127", name="Cergy", departement="95"),
        contact=intake.Contact(name="Cabinet de la mairie", role="Maire", email="mairie@cergy.test"),
        kind=RequestKind.TAILORED_SUPPORT,
        title="Redonner vie au centre-bourg",
        description="Le dernier commerce a fermé.",
        fields=(Field.HABITAT,),
        submitted_at=START,
    )


def a_tracked_request(request_id: UUID | None = None) -> TrackedRequest:
    """A request just filed."""
    return TrackedRequest(
        id=request_id or new_id(),
        departement="95",
        departement_at=START,
        filed=a_form(),
        status=Status.SUBMITTED,
        status_at=START,
        team=Team.DEPARTEMENT,
        expected=Expected(Team.DEPARTEMENT, NextAction.REGISTER),
    )


class Life:
    """Makes the facts of one request; each call gives one, `minutes` after the beginning."""

    def __init__(self, request_id: UUID, departement: str = "95") -> None:
        self.request_id = request_id
        self.departement = departement

    def _make(self, model: type[Fact], minutes: int, **data: Any) -> Any:
        head = {"request_id": self.request_id, "departement": self.departement, "at": at(minutes)}
        return model(**(head | data))

    def dossier(self) -> qualification.Dossier:
        """The dossier that goes with a hand-over."""
        return qualification.Dossier(request=a_form())

    def registered(self, minutes: int, **data: Any) -> Any:
        """The département has it."""
        return self._make(
            qualification.RequestRegistered, minutes, number="95-2026-000001", service=SERVICE, due_on=DUE, **data
        )

    def examined(self, minutes: int) -> Any:
        """The examination begins."""
        return self._make(qualification.ExaminationStarted, minutes, by=AGENT, due_on=DUE)

    def asked(self, minutes: int) -> Any:
        """The département asks for more."""
        return self._make(
            qualification.InformationRequested, minutes, items=("Le plan", "Le budget"), until=DUE, by=AGENT
        )

    def written(self, minutes: int, text: str = "Bonjour") -> Any:
        """The département writes."""
        return self._make(qualification.MessagePosted, minutes, message_id=new_id(), text=text, by=AGENT)

    def qualified(self, minutes: int) -> Any:
        """The grid is filled in, with an internal opinion."""
        grid = qualification.Qualification(
            need=3, capacity=2, complexity=3, urgency=2, maturity=3, local_offer=LocalOffer.NONE,
            opinion="SECRET opinion", fully_covered=True,
        )  # fmt: skip
        return self._make(qualification.RequestQualified, minutes, qualification=grid, by=AGENT)

    def proposed(self, minutes: int) -> Any:
        """An outcome waits for validation."""
        return self._make(qualification.OutcomeProposed, minutes, outcome=Outcome.REFUSAL, by=AGENT)

    def rejected(self, minutes: int) -> Any:
        """The proposal is not validated, for an internal motive."""
        return self._make(qualification.ProposalRejected, minutes, motive="SECRET motive", by=AGENT)

    def taken_back(self, minutes: int) -> Any:
        """The author takes the proposal back."""
        return self._make(qualification.ProposalTakenBack, minutes, by=AGENT)

    def oriented(self, minutes: int) -> Any:
        """A provider is asked."""
        return self._make(
            qualification.OrientedLocally, minutes, orientation_id=new_id(), provider=PROVIDER, until=DUE,
            motive="Compétent.", by=AGENT, dossier=self.dossier(), act=ACT,
        )  # fmt: skip

    def accepted(self, minutes: int) -> Any:
        """The provider helps."""
        return self._make(qualification.OrientationAccepted, minutes, orientation_id=new_id(), provider=PROVIDER)

    def declined(self, minutes: int) -> Any:
        """The provider cannot."""
        return self._make(
            qualification.OrientationDeclined, minutes, orientation_id=new_id(), provider=PROVIDER, motive="SECRET plan"
        )

    def supported(self, minutes: int) -> Any:
        """The département pays."""
        return self._make(
            qualification.SupportedLocally, minutes, support_types=(SupportType.INGENIERIE_PROJET,),
            amount_cents=1_000_000, motive="Utile.", by=AGENT, act=CONTESTABLE,
        )  # fmt: skip

    def work_started(self, minutes: int, *, alone: bool = False) -> Any:
        """The first contact is made: by the provider, or by the département that works `alone`."""
        who = {"by": AGENT} if alone else {"by": LOCAL_PROVIDER, "provider": PROVIDER}
        return self._make(
            qualification.LocalWorkStarted, minutes, started_on=DUE, ends_on=DUE + timedelta(days=90), **who
        )

    def local_milestone(self, minutes: int) -> Any:
        """The provider sets a milestone."""
        return self._make(
            qualification.LocalMilestoneSet, minutes, milestone_id=new_id(), title="Diagnostic remis", due_on=DUE,
            by=LOCAL_PROVIDER,
        )  # fmt: skip

    def local_progress(self, minutes: int) -> Any:
        """The provider says how far it is."""
        return self._make(
            qualification.LocalProgressReported, minutes, report_id=new_id(), percent=40, text="Bien avancé.",
            by=LOCAL_PROVIDER,
        )  # fmt: skip

    def end_postponed(self, minutes: int) -> Any:
        """The local work goes on longer."""
        return self._make(
            qualification.LocalEndPostponed, minutes, ends_on=DUE + timedelta(days=120),
            was_ends_on=DUE + timedelta(days=90), motive="L’été.", by=LOCAL_PROVIDER,
        )  # fmt: skip

    def work_done(self, minutes: int) -> Any:
        """The local work ends with a report."""
        return self._make(
            qualification.LocalWorkCompleted, minutes, provider=PROVIDER, report="Le diagnostic est remis.",
            evaluation_until=DUE, by=LOCAL_PROVIDER,
        )  # fmt: skip

    def work_stopped(self, minutes: int, reason: LocalEnd = LocalEnd.PROVIDER_STOPPED) -> Any:
        """The local work ends without a result."""
        return self._make(
            qualification.LocalWorkStopped, minutes, reason=reason, motive="Plus personne.", by=LOCAL_PROVIDER,
            reopens=reason is not LocalEnd.APPLICANT_GAVE_UP,
        )  # fmt: skip

    def directed(self, minutes: int) -> Any:
        """A programme takes over."""
        return self._make(
            qualification.DirectedToProgramme, minutes, programme=Programme.RURALITES, motive="Rural.", by=AGENT,
            dossier=self.dossier(), act=ACT,
        )  # fmt: skip

    def escalated(self, minutes: int) -> Any:
        """The national team takes over, on internal evidence."""
        evidence = qualification.Evidence(
            motive_code=EscalationMotive.NO_LOCAL_OFFER, motive="SECRET", opinion="SECRET"
        )
        return self._make(
            qualification.RequestEscalated, minutes, evidence=evidence, dossier=self.dossier(), service=SERVICE,
            by=AGENT, act=ACT,
        )  # fmt: skip

    def answered(self, minutes: int) -> Any:
        """The département answers the national question."""
        return self._make(qualification.NationalQuestionAnswered, minutes, text="SECRET answer", by=AGENT)

    def refused(self, minutes: int) -> Any:
        """It is refused."""
        return self._make(
            qualification.RequestRefused, minutes, motive="Hors champ.", appeal="Recours sous deux mois.", by=AGENT,
            act=CONTESTABLE,
        )  # fmt: skip

    def transferred(self, minutes: int, to: str) -> Any:
        """Another département takes over."""
        return self._make(
            qualification.RequestTransferred, minutes, departement=to, from_departement=self.departement,
            motive="Le projet est dans les Yvelines.", by=AGENT, dossier=self.dossier(), act=ACT,
        )  # fmt: skip

    def received(self, minutes: int) -> Any:
        """The national team has it."""
        return self._make(escalation.EscalationReceived, minutes, number="95-2026-000001", due_on=DUE)

    def questioned(self, minutes: int) -> Any:
        """The national team asks the département."""
        return self._make(escalation.InformationRequested, minutes, question="SECRET question", until=DUE, by=NATIONAL)

    def admitted(self, minutes: int) -> Any:
        """It can go before the committee."""
        return self._make(escalation.AdmissibilitySettled, minutes, opinion="SECRET opinion", by=NATIONAL)

    def returned(self, minutes: int) -> Any:
        """It goes back."""
        return self._make(escalation.EscalationReturned, minutes, motive="SECRET motive", by=NATIONAL)

    def scheduled(self, minutes: int) -> Any:
        """It is on an agenda."""
        return self._make(
            escalation.SessionScheduled, minutes, session_id=new_id(), title="Comité", held_on=DUE, by=NATIONAL
        )

    def decided(self, minutes: int, outcome: CommitteeOutcome) -> Any:
        """The committee decided."""
        decision = escalation.Decision(
            id=new_id(), number="CSP-2026-0001", outcome=outcome, motive="Au vu du dossier.", decided_on=DUE,
            session_id=new_id(), signed_by=Actor(role=Role.COMMITTEE_SECRETARY, name="SECRET name"),
        )  # fmt: skip
        return self._make(escalation.DecisionMade, minutes, decision=decision)

    def corrected(
        self, minutes: int, outcome: CommitteeOutcome, *, under_way: bool, was: escalation.Terms | None = None
    ) -> Any:
        """The committee replaced its decision."""
        decision = escalation.Decision(
            id=new_id(), number="CSP-2026-0002", outcome=outcome, motive="Après vérification.", decided_on=DUE,
            session_id=new_id(), signed_by=Actor(role=Role.COMMITTEE_SECRETARY, name="SECRET name"),
            corrects="CSP-2026-0001",
        )  # fmt: skip
        return self._make(escalation.DecisionCorrected, minutes, decision=decision, under_way=under_way, was=was)

    def mobilised(self, minutes: int) -> Any:
        """A resource was found."""
        return self._make(
            escalation.ResourceMobilised, minutes, mobilisation_id=new_id(), kind=MobilisationKind.INTERNAL,
            resource="Cerema", amount_cents=5, by=NATIONAL,
        )  # fmt: skip

    def accompanied(self, minutes: int) -> Any:
        """The work begins."""
        return self._make(escalation.AccompanimentStarted, minutes, starts_on=DUE, ends_on=DUE, by=NATIONAL)

    def milestone_planned(self, minutes: int, milestone_id: UUID | None = None) -> Any:
        """A step of the work is set."""
        return self._make(
            escalation.MilestonePlanned, minutes, milestone_id=milestone_id or new_id(), title="Diagnostic remis",
            due_on=DUE,
        )  # fmt: skip

    def milestone_postponed(self, minutes: int, milestone_id: UUID, due_on: date) -> Any:
        """It has a later date."""
        return self._make(
            escalation.MilestonePostponed, minutes, milestone_id=milestone_id, title="Diagnostic remis", due_on=due_on,
            was_due_on=DUE, motive="Relevés retardés.", by=NATIONAL,
        )  # fmt: skip

    def milestone_reached(self, minutes: int, milestone_id: UUID) -> Any:
        """It is reached."""
        return self._make(
            escalation.MilestoneReached, minutes, milestone_id=milestone_id, title="Diagnostic remis", due_on=DUE,
            reached_on=DUE,
        )  # fmt: skip

    def progress_reported(self, minutes: int) -> Any:
        """A provider tells how far it is."""
        return self._make(
            escalation.ProgressReported, minutes, report_id=new_id(), milestone="Diagnostic remis", percent=40,
            text="Entretiens faits.", team=Team.PROVIDER, author="Atelier des Bourgs",
        )  # fmt: skip

    def completed(self, minutes: int) -> Any:
        """The work is done."""
        return self._make(escalation.AccompanimentCompleted, minutes, report="SECRET report", by=NATIONAL)

    def evaluation_asked(self, minutes: int) -> Any:
        """The applicant is asked."""
        return self._make(escalation.EvaluationRequested, minutes, until=DUE)
