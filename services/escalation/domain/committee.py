"""The committee (comité de suivi de projet): its sessions, their agendas and votes, and the verdict on a dossier."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, Field, ValidationInfo

from services.escalation.domain.dossier import Escalation
from services.escalation.domain.grant import GRANTING, UNLESS_SAID
from services.escalation.domain.inputs import Cents, Line, Text, Voices
from services.escalation.domain.moves import Action, By, allow
from services.escalation.domain.refusals import (
    AttendanceChanged,
    DossiersUndecided,
    NotOnAgenda,
    QuorumMissing,
    SessionClosed,
)
from shared.commands import TYPED, Command
from shared.contracts.escalation import Decision, Votes
from shared.contracts.fact import Actor
from shared.contracts.vocabulary import CommitteeOutcome, ReserveBlocks, SupportType
from shared.errors import FieldError, Invalid
from shared.french.dates import date_fr
from shared.french.numbers import euros

EARLIEST_YEAR = 2020
"""The agency was born on 1 January 2020."""
LATEST_YEARS_AHEAD = 5

APPEAL = (
    "Cette décision peut être contestée dans les deux mois qui suivent sa notification, par un recours gracieux auprès "
    "du service de votre département ou par un recours devant le tribunal administratif."
)
"""The ways of appeal that a decision states: the common rule of French administrative law."""


class MemberRole(StrEnum):
    """In which quality somebody sits in the committee; the chair and voting members decide and make the quorum."""

    CHAIR = "chair"
    VOTING = "voting"
    ADVISORY = "advisory"
    RAPPORTEUR = "rapporteur"


class Presence(StrEnum):
    """How a member attends a session."""

    PRESENT = "present"
    REPRESENTED = "represented"
    EXCUSED = "excused"
    ABSENT = "absent"


VOTERS = frozenset({MemberRole.CHAIR, MemberRole.VOTING})

NEVER_NOTED = "never"
"""The version of an attendance that nobody has noted."""

OF_AN_OPEN_SESSION = (
    Action.DECISIONS,
    Action.ATTENDANCE,
    Action.AGENDA,
    Action.RECUSALS,
    Action.RECUSAL_REMOVAL,
    Action.CLOSING,
)
BEFORE_THE_DAY = frozenset({Action.AGENDA, Action.RECUSALS, Action.RECUSAL_REMOVAL})
"""What is done with a session before it is held; all the rest waits for its day."""


@dataclass(frozen=True, slots=True)
class GrantLimit:
    """The amounts, in euro cents, beyond which a grant needs a reason.

    `available_cents` is what is left of the envelope of `year`, None without an envelope; `plausible_cents` is what the
    support of one project may be expected to cost at most (a setting).
    """

    year: int
    available_cents: int | None
    plausible_cents: int

    def warning(self, amount_cents: int) -> str | None:
        """Return in French which limit an amount exceeds; None when it exceeds none."""
        if self.available_cents is not None and amount_cents > self.available_cents:
            return f"Ce montant dépasse ce qui reste de l’enveloppe {self.year}\u00a0: {euros(self.available_cents)}."
        if amount_cents > self.plausible_cents:
            return f"Ce montant dépasse {euros(self.plausible_cents)}, le plafond habituel d’un accompagnement."
        return None


class NewVotes(Command):
    """How the members voted."""

    in_favour: Voices
    against: Voices
    abstained: Voices = 0


def _votes_if_typed(value: Any, info: ValidationInfo) -> Any:
    """A form says by `by_vote` whether the members voted; its figures count only then, blank ones as none."""
    if info.context != TYPED or not isinstance(value, dict):
        return value
    figures = {name: given for name, given in value.items() if name != "by_vote"}
    return {"in_favour": 0, "against": 0, **figures} if value.get("by_vote") == "true" else None


class Verdict(Command):
    """What is decided; without `votes` by consensus. `reserve_until` is when the reserve must be lifted.

    `reserve_blocks` is what the reserve holds back until it is lifted: the mobilisation of means, and so all the rest,
    unless it is said. A grant beyond what is left of the envelope, or beyond what is plausible, needs an
    `override_reason`.
    """

    outcome: CommitteeOutcome
    motive: Text
    support_types: list[SupportType] = Field(default_factory=list, max_length=10)
    amount_cents: Cents | None = None
    reserve: Text | None = None
    reserve_until: date | None = None
    votes: Annotated[NewVotes | None, BeforeValidator(_votes_if_typed)] = None
    signatory: Line | None = None
    override_reason: Text | None = None
    reserve_blocks: ReserveBlocks | None = None

    @property
    def grants(self) -> bool:
        """Return whether it grants something."""
        return self.outcome in GRANTING

    def check(self, decided_on: date, limit: GrantLimit) -> None:
        """Refuse (`Invalid`) a verdict that contradicts itself or its votes, or exceeds a limit without a reason."""
        errors = [*self._about_the_reserve(decided_on), *self._about_the_grant(limit), *self._about_the_votes()]
        if errors:
            raise Invalid(errors)

    def _about_the_reserve(self, decided_on: date) -> Iterator[FieldError]:
        with_reserve = self.outcome is CommitteeOutcome.GRANTED_WITH_RESERVE
        if with_reserve and not self.reserve:
            yield FieldError("reserve", "Formulez la réserve : elle est obligatoire pour un accord avec réserve.")
        if self.reserve and not with_reserve:
            yield FieldError("reserve", "Une réserve n’accompagne qu’un accord avec réserve.")
        if self.reserve_until is not None and not with_reserve:
            yield FieldError("reserve_until", "Cette date ne concerne qu’un accord avec réserve.")
        if self.reserve_blocks is not None and not with_reserve:
            yield FieldError("reserve_blocks", "Ce choix ne concerne qu’un accord avec réserve.")
        if with_reserve and self.reserve_until is not None and self.reserve_until < decided_on:
            yield FieldError("reserve_until", "La réserve ne peut pas être à lever avant la décision.")

    def _about_the_grant(self, limit: GrantLimit) -> Iterator[FieldError]:
        if not self.grants:
            if self.amount_cents:
                yield FieldError("amount_cents", "Seul un accord a un montant : effacez-le, ou accordez.")
            if self.support_types:
                yield FieldError("support_types", "Seul un accord donne un appui : décochez, ou accordez.")
            if self.override_reason:
                yield FieldError("override_reason", "Cette raison ne concerne qu’un accord : effacez-la.")
        elif not self.override_reason and (warning := limit.warning(self.amount_cents or 0)):
            yield FieldError("amount_cents", f"{warning} Réduisez-le, ou dites pourquoi le comité l’accorde.")

    def _about_the_votes(self) -> Iterator[FieldError]:
        """Find votes that decide otherwise: they are for or against the grant; with as many, the chair decides."""
        votes = self.votes
        if votes is None:
            return
        said = f"{votes.in_favour} pour, {votes.against} contre"
        if self.grants and not votes.in_favour:
            yield FieldError("votes", f"Un accord voté a des voix pour ({said}) : corrigez les voix ou la décision.")
        elif self.grants and votes.in_favour < votes.against:
            yield FieldError("votes", f"Ces voix n’accordent pas ({said}) : corrigez les voix ou la décision.")
        elif self.outcome is CommitteeOutcome.REFUSED and votes.in_favour > votes.against:
            yield FieldError("votes", f"Ces voix ne refusent pas ({said}) : corrigez les voix ou la décision.")

    def decision(
        self,
        *,
        decision_id: UUID,
        number: str,
        session_id: UUID,
        decided_on: date,
        by: Actor,
        corrects: str | None = None,
        recused: tuple[str, ...] = (),
        voters: int | None = None,
    ) -> Decision:
        """Return the decision; one that grants or refuses states the ways of appeal."""
        decides = self.outcome not in {CommitteeOutcome.DEFERRED, CommitteeOutcome.RETURNED}
        return Decision(
            id=decision_id,
            number=number,
            outcome=self.outcome,
            motive=self.motive,
            support_types=tuple(self.support_types),
            amount_cents=self.amount_cents or 0,
            reserve=self.reserve,
            decided_on=decided_on,
            session_id=session_id,
            signed_by=by,
            reserve_until=self.reserve_until,
            votes=Votes(**dict(self.votes)) if self.votes else None,
            signatory=self.signatory,
            appeal=APPEAL if decides else None,
            corrects=corrects,
            override_reason=self.override_reason,
            reserve_blocks=self.reserve_blocks or UNLESS_SAID if self.reserve else None,
            recused=recused,
            voters=voters,
        )


@dataclass(slots=True)
class Session:
    """A session of the committee; the quorum counts the voting members who are present or represented.

    `roles` says in which quality a member sits; who is not in it votes. `alternates` says who may sit in whose place.
    A member whose alternate sits is `represented`. `attended_at` is when the attendance was noted last, by whom.
    `recusals` names, by dossier, who withdraws from it: they neither vote on it nor make its quorum.
    """

    id: UUID
    title: str
    held_on: date
    members: tuple[str, ...] = ()
    quorum: int | None = None
    present: tuple[str, ...] = ()
    closed_at: datetime | None = None
    closed_by: Actor | None = field(default=None)
    roles: Mapping[str, MemberRole] = field(default_factory=dict)
    alternates: Mapping[str, str] = field(default_factory=dict)
    represented: tuple[str, ...] = ()
    excused: tuple[str, ...] = ()
    attended_at: datetime | None = None
    attended_by: Actor | None = None
    recusals: Mapping[UUID, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def plan(
        cls,
        session_id: UUID,
        *,
        title: str,
        held_on: date,
        members: Sequence[str],
        quorum: int | None,
        by: By,
        today: date,
        roles: Mapping[str, MemberRole] | None = None,
        alternates: Mapping[str, str] | None = None,
    ) -> tuple["Session", Actor]:
        """Plan a session; it may lie in the past, when it is recorded afterwards."""
        actor = by.acting_in(Action.PLANNING)
        errors = []
        if not EARLIEST_YEAR <= held_on.year <= today.year + LATEST_YEARS_AHEAD:
            errors.append(FieldError("held_on", "Cette date n’est pas plausible : vérifiez l’année."))
        session = cls(
            session_id,
            title,
            held_on,
            tuple(dict.fromkeys(members)),
            quorum,
            roles=roles or {},
            alternates=alternates or {},
        )
        if quorum is not None and quorum > len(session.voting(session.members)):
            errors.append(FieldError("quorum", "Le quorum ne peut pas dépasser le nombre de membres qui votent."))
        if errors:
            raise Invalid(errors)
        return session, actor

    def voting(self, among: Sequence[str]) -> list[str]:
        """Return those of these members who vote."""
        return [name for name in among if self.roles.get(name, MemberRole.VOTING) in VOTERS]

    @property
    def voters(self) -> list[str]:
        """Those who vote in it: voting members who are there, in person or by their alternates."""
        return self.voting([name for name in self.members if name in self.present or name in self.represented])

    def recused(self, request_id: UUID) -> tuple[str, ...]:
        """Return who withdraws from a dossier."""
        return self.recusals.get(request_id, ())

    def voters_on(self, request_id: UUID) -> list[str]:
        """Return those who vote on a dossier."""
        return [name for name in self.voters if name not in self.recused(request_id)]

    def recuse(self, request_id: UUID, member: str, *, by: By) -> Actor:
        """Let a member withdraw from a dossier in which the member has an interest; return who notes it."""
        actor = by.acting_in(Action.RECUSALS)
        self.check_open()
        if member not in self.members:
            raise Invalid.field("member", "Cette personne n’est pas membre de la séance.")
        if member in self.recused(request_id):
            raise Invalid.field("member", "Le déport de ce membre est déjà noté pour ce dossier.")
        self.recusals = {**self.recusals, request_id: (*self.recused(request_id), member)}
        return actor

    def take_back_recusal(self, request_id: UUID, member: str, *, by: By) -> None:
        """Let a member take part in a dossier after all."""
        by.acting_in(Action.RECUSAL_REMOVAL)
        self.check_open()
        others = tuple(name for name in self.recused(request_id) if name != member)
        if len(others) == len(self.recused(request_id)):
            raise Invalid.field("member", "Aucun déport de ce membre n’est noté pour ce dossier.")
        self.recusals = {**self.recusals, request_id: others}

    @property
    def attendance_version(self) -> str:
        """What changes each time that the attendance is noted."""
        return self.attended_at.isoformat() if self.attended_at else NEVER_NOTED

    @property
    def state(self) -> str:
        """`open` or `closed`."""
        return "open" if self.closed_at is None else "closed"

    def allowed_actions(self, by: By, *, today: date) -> list[str]:
        """List what this person may do with the session."""
        if self.closed_at is not None:
            return []
        early = today < self.held_on
        return [
            action.value for action in OF_AN_OPEN_SESSION if by.may(action) and (action in BEFORE_THE_DAY or not early)
        ]

    def check_open(self) -> None:
        """Refuse (`SessionClosed`) any change of a closed session."""
        if self.closed_at is not None and self.closed_by is not None:
            raise SessionClosed(by=self.closed_by, at=self.closed_at)

    def check_held(self, field: str, *, today: date) -> None:
        """Refuse (`Invalid`), at a field, what is done with a session before its day."""
        if today < self.held_on:
            raise Invalid.field(
                field, f"Cette séance se tient le {date_fr(self.held_on)}\u00a0: revenez ce jour-là, ou après."
            )

    def attend(
        self,
        present: Sequence[str],
        *,
        represented: Sequence[str] = (),
        excused: Sequence[str] = (),
        seen: str | None = None,
        by: By,
        today: date,
        at: datetime,
    ) -> None:
        """Note which members are there, represented or excused, on the day of the session or afterwards.

        Refuses (`AttendanceChanged`) what was noted on another version than the one that was `seen`.
        """
        actor = by.acting_in(Action.ATTENDANCE)
        self.check_open()
        self.check_held("present", today=today)
        if seen not in {None, self.attendance_version} and self.attended_by and self.attended_at:
            raise AttendanceChanged(by=self.attended_by, at=self.attended_at)
        groups = {"present": present, "represented": represented, "excused": excused}
        if errors := [*self._strangers(groups), *self._noted_twice(groups), *self._without_alternate(represented)]:
            raise Invalid(errors)
        self.present, self.represented, self.excused = (tuple(dict.fromkeys(group)) for group in groups.values())
        self.attended_at, self.attended_by = at, actor

    def _strangers(self, groups: Mapping[str, Sequence[str]]) -> Iterator[FieldError]:
        for name, group in groups.items():
            if strangers := [one for one in group if one not in self.members]:
                yield FieldError(name, f"Ces personnes ne sont pas membres de la séance : {', '.join(strangers)}.")

    def _noted_twice(self, groups: Mapping[str, Sequence[str]]) -> Iterator[FieldError]:
        noted = Counter(one for group in groups.values() for one in dict.fromkeys(group))
        if twice := [one for one, times in noted.items() if times > 1]:
            yield FieldError("represented", f"Une seule présence par membre : {', '.join(twice)}.")

    def _without_alternate(self, represented: Sequence[str]) -> Iterator[FieldError]:
        if alone := [one for one in represented if one in self.members and one not in self.alternates]:
            yield FieldError("represented", f"Aucune suppléance n’est prévue pour {', '.join(alone)}.")

    def decide(
        self,
        escalation: Escalation,
        verdict: Verdict,
        *,
        decision_id: UUID,
        number: str,
        limit: GrantLimit,
        by: By,
        today: date,
    ) -> Decision:
        """Decide on a dossier of the agenda, once, on the day of the session or afterwards."""
        actor = self.check_may_decide(escalation, by, today=today, outcome=verdict.outcome)
        self.check(verdict, limit, on=escalation.request_id)
        return verdict.decision(
            decision_id=decision_id,
            number=number,
            session_id=self.id,
            decided_on=self.held_on,
            by=actor,
            recused=self.recused(escalation.request_id),
            voters=len(self.voters_on(escalation.request_id)) if self.members else None,
        )

    def check(self, verdict: Verdict, limit: GrantLimit, *, on: UUID | None = None) -> None:
        """Refuse (`Invalid`) a verdict that contradicts itself, or more votes than there were voters on the dossier."""
        verdict.check(self.held_on, limit)
        votes, voters = verdict.votes, len(self.voters if on is None else self.voters_on(on))
        if votes is not None and self.members and votes.in_favour + votes.against + votes.abstained > voters:
            raise Invalid.field("votes", f"Il y a plus de voix que de membres votants présents ({voters}).")

    def check_may_decide(
        self, escalation: Escalation, by: By, *, today: date, outcome: CommitteeOutcome | None = None
    ) -> Actor:
        """Return who signs; refuses a closed session, one to come, a missing quorum and a dossier not on its agenda.

        Without a quorum the session defers the dossier, and nothing else.
        """
        by.acting_in(Action.DECISIONS)
        self.check_open()
        if escalation.session_id is not None and escalation.session_id != self.id:
            raise NotOnAgenda(state=escalation.state.value, allowed_actions=[])
        actor = allow(Action.DECISIONS, escalation.state, by)
        self.check_held("outcome", today=today)
        voters = len(self.voters_on(escalation.request_id))
        if self.quorum is not None and voters < self.quorum and outcome is not CommitteeOutcome.DEFERRED:
            raise QuorumMissing(present=voters, quorum=self.quorum)
        return actor

    def close(self, *, undecided: list[str], by: By, today: date, at: datetime) -> None:
        """Close the session for good; refuses while dossiers (given by their numbers) wait for their decision."""
        actor = by.acting_in(Action.CLOSING)
        self.check_open()
        self.check_held("held_on", today=today)
        if undecided:
            raise DossiersUndecided(undecided)
        self.closed_at, self.closed_by = at, actor
