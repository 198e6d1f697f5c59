"""What is known of a pact, and how the facts of its stream change it: decided just now, or replayed from a journal."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal, TypeVar
from uuid import UUID

from services.qualification.domain.pact_moves import PactStanding, PactState
from services.qualification.domain.pact_parties import Party
from services.qualification.domain.pact_plan import PlannedAction
from shared.calendar import today
from shared.commands import Command
from shared.contracts import qualification as facts
from shared.contracts.fact import Fact

VersionState = Literal["to_sign", "in_force", "replaced", "given_up"]
Applied = TypeVar("Applied", bound=Fact)


class Act(Command):
    """Who did what last with a pact, in words, and when."""

    by: str
    what: str
    at: datetime


@dataclass(slots=True)
class Version:
    """A version of the pact that was put to signature, frozen."""

    number: int
    state: VersionState
    ready_at: datetime
    signed_on: date | None = None
    ended_at: datetime | None = None


@dataclass(slots=True)
class InForce:
    """What is in force while an amendment is prepared: its diagnosis and its plan, with their progress."""

    diagnosis: int
    agreed_on: date | None
    actions: list[PlannedAction]


@dataclass(slots=True)
class PactRecord:
    """A pact in one département, as it is kept.

    `parties` and `actions` are those of the version that is worked at, `number`. While an amendment is prepared,
    `amending` is its stage and `kept` what is in force meanwhile. `version` is the diagnosis's.
    """

    id: UUID
    departement: str
    title: str
    parties: list[Party]
    opened_at: datetime
    state_since: datetime
    from_request: UUID | None = None
    state: PactState = PactState.PREPARING
    version: int = 0
    shared_on: date | None = None
    agreed_on: date | None = None
    signed_on: date | None = None
    reviewed_on: date | None = None
    actions: list[PlannedAction] = field(default_factory=list)
    number: int = 1
    ready_at: datetime | None = None
    amending: PactState | None = None
    kept: InForce | None = None
    versions: list[Version] = field(default_factory=list)
    last: Act | None = None
    gone: list[Party] = field(default_factory=list)
    """Parties that were removed since the pact was loaded."""

    @property
    def source(self) -> str:
        """The source of its events: its département."""
        return f"/qualification/{self.departement}"

    @property
    def stage(self) -> PactState:
        """Where the version that is worked at stands."""
        return self.amending or self.state

    @property
    def present(self) -> list[Party]:
        """The parties to the version that is worked at."""
        return [each for each in self.parties if each.present]

    @property
    def pursued(self) -> list[PlannedAction]:
        """The actions of the plan in force, of which progress is reported."""
        return self.kept.actions if self.kept else self.actions

    def apply(self, fact: Applied) -> Applied:
        """Change the pact by a fact of its own stream: one just decided, or one of a journal that is replayed.

        A replay knows the day of the last agreement or signature only, not that of each party, and no text.
        """
        match fact:
            case (
                facts.PactPartyAdded()
                | facts.PactPartyCorrected()
                | facts.PactPartyRemoved()
                | facts.PactPartyInvited()
            ):
                self._change_parties(fact)
            case facts.PactPlanReady() | facts.PactPlanReopened() | facts.PactVersionStarted():
                self._change_version(fact)
            case facts.PactDiagnosisShared():
                self._share(fact)
            case facts.PactDiagnosisAgreed(complete=True):
                self._agreed(fact.at)
            case facts.PactSigned(complete=True):
                self._enter_into_force(fact.at)
            case facts.PactVersionGivenUp():
                self._return_to(fact)
            case facts.PactReviewed():
                self.reviewed_on = max(fact.held_on, self.reviewed_on or fact.held_on)
        return fact

    def _change_parties(self, fact: Fact) -> None:
        match fact:
            case facts.PactPartyAdded():
                if self.stage is PactState.PLANNING:
                    self._move(PactState.DIAGNOSIS, fact.at)
            case facts.PactPartyCorrected():
                party = self.by_name(fact.party)
                party.name, party.link_generation = fact.name, fact.link_generation
            case facts.PactPartyRemoved():
                self._leave(self.by_name(fact.party), fact)
            case facts.PactPartyInvited():
                party = self.by_name(fact.party)
                party.email, party.link_generation, party.invited_at = fact.email, fact.link_generation, fact.at

    def _change_version(self, fact: Fact) -> None:
        match fact:
            case facts.PactPlanReady():
                self.ready_at = fact.at
                self.versions.append(Version(self.number, "to_sign", fact.at))
            case facts.PactPlanReopened():
                self._put_back()
            case facts.PactVersionStarted():
                self._start(fact)

    def _share(self, fact: facts.PactDiagnosisShared) -> None:
        self.version, self.shared_on = fact.version, today(self.departement, fact.at)
        for party in self.parties:
            party.agreed_on = None
        self._move(PactState.DIAGNOSIS, fact.at)

    def _move(self, stage: PactState, at: datetime) -> None:
        """Take the version that is worked at to another stage; what is in force stays in force."""
        if self.state is PactState.SIGNED:
            self.amending = stage
            return
        self.state, self.state_since = stage, at
        if stage is PactState.DIAGNOSIS:
            self.agreed_on = None

    def _agreed(self, at: datetime) -> None:
        last = max((each.agreed_on for each in self.present if each.agreed_on), default=today(self.departement, at))
        self._move(PactState.PLANNING, at)
        self.agreed_on = last

    def _leave(self, party: Party, fact: facts.PactPartyRemoved) -> None:
        party.left_in = self.number
        if fact.from_version is None:
            self._remove([party], fact.at)
        if fact.complete:
            self._agreed(fact.at)

    def _remove(self, parties: list[Party], at: datetime) -> None:
        for party in parties:
            party.removed_at = at
            self.parties.remove(party)
            self.gone.append(party)

    def _put_back(self) -> None:
        self.ready_at = None
        self.versions = [each for each in self.versions if each.number != self.number]

    def _enter_into_force(self, at: datetime) -> None:
        day = max((each.signed_on for each in self.present if each.signed_on), default=today(self.departement, at))
        if not any(version.number == self.number for version in self.versions):
            self.versions.append(Version(self.number, "to_sign", at))  # signed before plans were made ready
        for version in self.versions:
            if version.number == self.number:
                version.state, version.signed_on = "in_force", day
            elif version.state == "in_force":
                version.state, version.ended_at = "replaced", at
        self._remove([each for each in self.parties if not each.present], at)
        self.amending, self.kept = None, None
        self.state, self.state_since = PactState.SIGNED, at
        self.signed_on = self.signed_on or day

    def _start(self, fact: facts.PactVersionStarted) -> None:
        under_way = next((each for each in self.versions if each.number == self.number), None)
        if self.stage is PactState.SIGNED:
            self.kept = InForce(self.version, self.agreed_on, [replace(action) for action in self.actions])
            self.amending = PactState.PLANNING
        else:
            if under_way is None:  # signed by some before plans were made ready
                under_way = Version(self.number, "to_sign", fact.at)
                self.versions.append(under_way)
            under_way.state, under_way.ended_at = "given_up", fact.at
        self.number, self.ready_at = fact.version, None
        for party in self.parties:
            party.signed_on = None

    def _return_to(self, fact: facts.PactVersionGivenUp) -> None:
        for party in self.parties:
            party.left_in = None
        if self.kept:
            self.actions, self.agreed_on = self.kept.actions, self.kept.agreed_on or self.agreed_on
        self._put_back()
        self.number, self.version, self.amending, self.kept = fact.in_force, fact.diagnosis, None, None
        for version in self.versions:
            if version.number == fact.in_force:
                self.ready_at = version.ready_at

    @property
    def standing(self) -> PactStanding:
        """Where the pact is, as the moves see it."""
        first_signed = any(each.signed_on for each in self.present)
        return PactStanding(
            self.stage,
            in_force=self.state is PactState.SIGNED,
            state_awaited=any(each.is_state for each in self.awaited),
            others_awaited=any(not each.is_state for each in self.awaited),
            planned=bool(self.actions),
            owned=all(action.is_owned for action in self.actions),
            ready=self.ready_at is not None or first_signed,  # signed before there was this step
            first_signed=first_signed,
        )

    @property
    def awaited(self) -> list[Party]:
        """The parties that have yet to agree the diagnosis on the table or, once all agreed, to sign."""
        agreeing = self.stage is PactState.DIAGNOSIS
        return [each for each in self.present if (each.agreed_on if agreeing else each.signed_on) is None]

    def by_name(self, name: str) -> Party:
        """Return the party of this name, as facts name it."""
        return next(each for each in self.parties if each.name == name)
