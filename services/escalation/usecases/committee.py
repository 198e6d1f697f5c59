"""Use cases of the committee's secretary: sessions, agendas, decisions, corrections, reserves, closing."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from services.escalation.domain.committee import GrantLimit, MemberRole, Session, Verdict
from services.escalation.domain.decisions import OnRecord
from services.escalation.domain.dossier import Escalation
from services.escalation.domain.inputs import Line, Text
from services.escalation.domain.members import StandingMember
from services.escalation.domain.moves import Action
from services.escalation.domain.refusals import AlreadyDecided, NotOnAgenda
from services.escalation.store import committee as store
from services.escalation.store import dossier as dossier_store
from services.escalation.store import means as means_store
from services.escalation.store import members as members_store
from services.escalation.usecases.context import Context, changes_session, load
from services.escalation.usecases.recording import record, working_days_after
from shared.clock import new_id
from shared.commands import TYPED, Command, Nothing
from shared.errors import Invalid
from shared.french.dates import datetime_fr
from shared.french.words import word

MEMBER_ROLES: Final[Mapping[MemberRole, str]] = {
    MemberRole.CHAIR: "présidence",
    MemberRole.VOTING: "voix délibérative",
    MemberRole.ADVISORY: "voix consultative",
    MemberRole.RAPPORTEUR: "rapporteur",
}
"""Role → how people write it."""


class Member(Command):
    """Who sits in the committee, in which quality, and who may sit in this member's place."""

    name: Line
    role: MemberRole = MemberRole.VOTING
    alternate: Line | None = None


def _members_if_typed(value: Any, info: ValidationInfo) -> Any:
    """Read members as people type them, one a line, with the role and the alternate behind semicolons."""
    if info.context != TYPED:
        return value
    lines = [line.split(";", 2) for text in value for line in str(text).splitlines() if line.strip()]
    return [_member(*(part.strip()[:200] for part in line)) for line in lines][:100]


def _member(name: str, role: str = "", alternate: str = "") -> str | dict[str, object]:
    if not role and not alternate:
        return name
    return {"name": name, "role": _role(role) if role else MemberRole.VOTING, "alternate": alternate or None}


def _role(typed: str) -> MemberRole:
    for role, french in MEMBER_ROLES.items():
        if french.casefold() == typed.casefold():
            return role
    raise PydanticCustomError(
        "member_role",
        "«\u00a0{typed}\u00a0» n’est pas une qualité connue. Choisissez parmi\u00a0: {known}.",
        {"typed": typed[:50], "known": ", ".join(MEMBER_ROLES.values())},
    )


class PlanSession(Command):
    """A session of the committee; with a `quorum`, that many voting members must be present to decide.

    A member given by name alone votes. Without `members`, the standing members sit who are in office on that day.
    """

    held_on: date
    title: Line = "Comité de suivi de projet"
    members: Annotated[
        Annotated[list[Line | Member], Field(max_length=100)] | None, BeforeValidator(_members_if_typed)
    ] = None
    quorum: Annotated[int, Field(ge=1, le=100)] | None = None


class MoveOnAgenda(Command):
    """A dossier of the agenda, to change places with the one before or after."""

    request_id: UUID
    direction: Literal["up", "down"]


class Decide(Verdict):
    """What the committee decides of a dossier of the agenda."""

    request_id: UUID


class LiftReserve(Command):
    """Why the reserve is lifted, and since when; today when it is not said."""

    motive: Text
    lifted_on: date | None = None


async def plan_session(do: Context, command: PlanSession) -> UUID:
    """Plan a session, or record one afterwards."""
    seats = await _seats(do, command)
    with_role = [seat for seat in seats if not isinstance(seat, str)]
    session, actor = Session.plan(
        new_id(),
        title=command.title,
        held_on=command.held_on,
        members=[seat if isinstance(seat, str) else seat.name for seat in seats],
        quorum=command.quorum,
        by=do.by,
        today=do.today,
        roles={seat.name: seat.role for seat in with_role},
        alternates={seat.name: seat.alternate for seat in with_role if seat.alternate},
    )
    await store.add_session(do.tx, session, by=actor, at=do.at)
    return session.id


async def _seats(do: Context, command: PlanSession) -> Sequence[str | Member | StandingMember]:
    """Return who sits: those who are given, or else the standing members of the day."""
    if command.members is None:
        return await members_store.in_office(do.tx, command.held_on)
    return command.members


@changes_session
async def move_on_agenda(do: Context, session: Session, command: MoveOnAgenda) -> None:
    """Let a dossier change places with its neighbour; at an end of the agenda it stays."""
    do.require(Action.AGENDA)
    session.check_open()
    order = await store.agenda(do.tx, session.id)
    if command.request_id not in order:
        raise NotOnAgenda(state=session.state, allowed_actions=session.allowed_actions(do.by, today=do.today))
    here = order.index(command.request_id)
    there = here - 1 if command.direction == "up" else here + 1
    if 0 <= there < len(order):
        order[here], order[there] = order[there], order[here]
        await store.reorder(do.tx, session.id, order)


async def decide(do: Context, session_id: UUID, command: Decide) -> UUID:
    """Record what the committee decided of a dossier."""
    do.require(Action.DECISIONS)
    session = await store.load_session_for_update(do.tx, session_id)
    session.check_open()
    try:
        do, escalation = await load(do, command.request_id)
    except dossier_store.NoSuchEscalation as missing:
        raise Invalid.field("request_id", missing.sentence) from missing
    if made := await store.decision_made_in(do.tx, session_id, command.request_id):
        raise already_decided(made, state=escalation.state.value)
    number = await store.next_decision_number(do.tx, session.held_on.year)
    decision = session.decide(
        escalation,
        command,
        decision_id=new_id(),
        number=number,
        limit=await _limit(do, escalation),
        by=do.by,
        today=do.today,
    )
    fact = escalation.take_decision(decision, next_due_on=working_days_after(do.at, do.durations.committee), at=do.at)
    await dossier_store.save(do.tx, escalation, at=do.at)
    event_id = await record(do.tx, fact)
    await store.add_decision(do.tx, decision, command.request_id, event_id=event_id, at=do.at)
    return decision.id


def already_decided(made: store.Made, *, state: str) -> AlreadyDecided:
    """Return the refusal that says who decided what, and when."""
    return AlreadyDecided(
        by=made.signed_by.name or word(made.signed_by.role),
        number=made.number,
        outcome=word(made.outcome).lower(),
        at=datetime_fr(made.at),
        state=state,
        allowed_actions=[],
    )


async def _limit(do: Context, escalation: Escalation, *, committed_cents: int = 0) -> GrantLimit:
    """Return the limit of a grant now; what the dossier itself has `committed_cents` of the envelope counts as left."""
    envelope = await means_store.envelope_of_request(do.tx, escalation.request_id, year=do.today.year)
    available = envelope.available_cents + committed_cents if envelope else None
    return GrantLimit(do.today.year, available, do.plausible_grant_cents)


async def _load_decision(do: Context, decision_id: UUID) -> tuple[Context, Escalation, OnRecord]:
    """Lock a decision on record, after its dossier."""
    do, escalation = await load(do, await store.request_of_decision(do.tx, decision_id))
    return do, escalation, await store.load_decision_for_update(do.tx, decision_id)


async def correct(do: Context, decision_id: UUID, command: Verdict) -> UUID:
    """Replace a decision by a new one, dated today, that names it; its session stays as it is."""
    do, escalation, replaced = await _load_decision(do, decision_id)
    number = await store.next_decision_number(do.tx, do.today.year)
    mobilisations = await means_store.load_mobilisations_for_update(do.tx, escalation.request_id)
    committed = sum(each.committed_cents for each in mobilisations)
    fact = replaced.correct(
        escalation,
        command,
        decision_id=new_id(),
        number=number,
        limit=await _limit(do, escalation, committed_cents=committed),
        committed_cents=committed,
        today=do.today,
        by=do.by,
        at=do.at,
    )
    await dossier_store.save(do.tx, escalation, at=do.at)
    event_id = await record(do.tx, fact)
    await store.add_decision(do.tx, fact.decision, escalation.request_id, event_id=event_id, at=do.at)
    return fact.decision.id


async def lift_reserve(do: Context, decision_id: UUID, command: LiftReserve) -> None:
    """Note that what the committee had asked for is there."""
    do, escalation, decision = await _load_decision(do, decision_id)
    fact = decision.lift_reserve(
        escalation,
        motive=command.motive,
        lifted_on=command.lifted_on or do.today,
        today=do.today,
        by=do.by,
        at=do.at,
    )
    await store.note_reserve_lifted(do.tx, fact.number, motive=fact.motive, lifted_on=fact.lifted_on, by=fact.by)
    await record(do.tx, fact)


@changes_session
async def close_session(do: Context, session: Session, _: Nothing) -> None:
    """Close the session for good."""
    undecided = await store.undecided(do.tx, session.id)
    session.close(undecided=undecided, by=do.by, today=do.today, at=do.at)
