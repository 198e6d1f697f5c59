"""The territorial pact: its diagnosis, its action plan, agreements, signatures, progress and yearly reviews."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, TypedDict, TypeVar
from uuid import UUID

from pydantic import BeforeValidator
from pydantic import Field as Bounds

from services.qualification.domain.inputs import Lines, Short
from services.qualification.domain.pact_moves import PACT_MOVES, PactAction, PactStanding, PactState
from services.qualification.domain.pact_parties import Party, is_among
from services.qualification.domain.pact_plan import PlannedAction, Status, progress
from services.qualification.domain.pact_refusals import (
    AlreadyAgreed,
    AlreadySigned,
    AnotherPartysAction,
    DiagnosisNotAgreed,
    NotSignedYet,
    PlanEmpty,
    PlanFrozen,
    RecordedByAgent,
    StateHasNoLink,
    StateNeedsDelegate,
)
from services.qualification.domain.people import Official, Representative
from shared.calendar import today
from shared.commands import Command
from shared.contracts import qualification as facts
from shared.contracts.fact import A_MOMENT, Actor, Fact
from shared.contracts.vocabulary import Role
from shared.errors import Forbidden, IllegalMove, Invalid
from shared.french.dates import short_date_fr


def _written(value: object) -> object:
    """Take a figure for the text that it is shown as."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


class Indicator(Command):
    """A figure of the diagnosis, as people write it, and where it comes from."""

    name: Short
    value: Annotated[Short, BeforeValidator(_written)]
    source: Short | None = None


class Diagnosis(Command):
    """What the parties find together about their territory."""

    strengths: Lines = Bounds(default_factory=list)
    weaknesses: Lines = Bounds(default_factory=list)
    indicators: list[Indicator] = Bounds(default_factory=list, max_length=50)


Speaker = Official | Representative


Applied = TypeVar("Applied", bound=Fact)


class _About(TypedDict):
    request_id: UUID
    departement: str
    title: str
    at: datetime


@dataclass(slots=True)
class Pact:
    """A pact in one département; a method checks, changes, and returns the fact to record."""

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

    @property
    def source(self) -> str:
        """The source of its events: its département."""
        return f"/qualification/{self.departement}"

    def opened(self) -> facts.PactOpened:
        """Tell that the pact is prepared between these parties."""
        return facts.PactOpened(
            **self._about(self.opened_at),
            parties=tuple(party.name for party in self.parties),
            from_request=self.from_request,
        )

    def allowed_actions(self, who: Speaker) -> list[str]:
        """List what this official, or this party by its link, may do now, by the API's names."""
        if isinstance(who, Official):
            return self.standing.allowed_actions(who)
        party = self.party(who.party_id)
        return self.standing.open_to_party(
            awaited=party in self.awaited,
            answers_for_actions=any(is_among(party.name, action.in_charge) for action in self.actions),
        )

    def party(self, party_id: UUID) -> Party:
        """Return the party of this id, which is one of ours."""
        return next(each for each in self.parties if each.id == party_id)

    def invite(
        self, who: Official, reference: str, email: str | None, at: datetime
    ) -> tuple[Party, facts.PactPartyInvited]:
        """Send a party its link; another address than before makes the links sent until now open nothing."""
        by = self._require(PactAction.INVITATIONS, who)
        party = self._named(reference)
        if party.is_state:
            raise StateHasNoLink
        if email and email != party.email:
            party.link_generation += 1 if party.invited_at else 0
            party.email = email
        if party.email is None:
            raise Invalid.field("email", f"Donnez l’adresse électronique de {party.name}.")
        return party, self._invited(party, party.email, by, at)

    def invite_others(self, by: Actor, at: datetime) -> list[tuple[Party, facts.PactPartyInvited]]:
        """Send their link to all whose address is known, because something new is expected of them."""
        return [
            (party, self._invited(party, party.email, by, at + place * A_MOMENT))
            for place, party in enumerate(self.parties)
            if party.email and not party.is_state
        ]

    def share_diagnosis(self, who: Official, at: datetime) -> tuple[Actor, facts.PactDiagnosisShared]:
        """Put a diagnosis on the table: a new version, which every party has yet to agree."""
        by = self._require(PactAction.DIAGNOSIS, who)
        return by, self.apply(facts.PactDiagnosisShared(**self._about(at), version=self.version + 1))

    def agree(
        self, who: Speaker, reference: str, on: date | None, at: datetime
    ) -> tuple[Party, Actor, facts.PactDiagnosisAgreed]:
        """A party agrees the diagnosis; with the last one the plan can be drawn up."""
        party, by = self._speaking(PactAction.AGREEMENTS, who, reference)
        if party.agreed_on:
            raise self._illegal(AlreadyAgreed, who, party=party.name)
        party.agreed_on = _within(on, self.shared_on, today(self.departement, at), "le partage de ce diagnostic")
        complete = all(each.agreed_on for each in self.parties)
        agreed = facts.PactDiagnosisAgreed(**self._about(at), party=party.name, complete=complete)
        return party, by, self.apply(agreed)

    def add_action(self, who: Official, action: PlannedAction, at: datetime) -> tuple[Actor, facts.PactActionAdded]:
        """Add an action to the plan, before anybody signed it."""
        by = self._require(PactAction.ACTIONS, who)
        if action.due_on < today(self.departement, at):
            raise Invalid.field("due_on", "Choisissez une échéance à venir.")
        self.actions.append(action)
        return by, facts.PactActionAdded(**self._about(at), action_id=action.id, action=action.title)

    def remove_action(self, who: Official, action_id: UUID, at: datetime) -> facts.PactActionRemoved:
        """Take an action out of a plan that nobody signed yet."""
        self._require(PactAction.ACTIONS, who)
        action = self._action(action_id)
        self.actions.remove(action)
        return facts.PactActionRemoved(**self._about(at), action_id=action.id, action=action.title)

    def sign(
        self, who: Speaker, reference: str, on: date | None, at: datetime
    ) -> tuple[Party, Actor, facts.PactSigned]:
        """A party signs; with the last signature the pact is in force."""
        party, by = self._speaking(PactAction.SIGNATURES, who, reference)
        if party.signed_on:
            raise self._illegal(AlreadySigned, who, party=party.name)
        party.signed_on = _within(
            on, self.agreed_on, today(self.departement, at), "l’approbation du diagnostic par toutes les parties"
        )
        complete = all(each.signed_on for each in self.parties)
        return party, by, self.apply(facts.PactSigned(**self._about(at), party=party.name, complete=complete))

    def report(
        self, who: Speaker, action_id: UUID, percent: int | None, status: Status | None, at: datetime
    ) -> tuple[PlannedAction, Actor, facts.PactProgressReported]:
        """Tell how far an action is; what is not given follows from the other.

        A party reports on the actions that it owns or takes part in (`AnotherPartysAction`).
        """
        by = self._require(PactAction.PROGRESS, who)
        action = self._action(action_id)
        if isinstance(who, Representative) and not is_among(self.party(who.party_id).name, action.in_charge):
            raise AnotherPartysAction
        action.percent, action.status = progress(action, percent, status)
        reported = facts.PactProgressReported(
            **self._about(at), action_id=action.id, percent=action.percent, status=action.status
        )
        return action, by, reported

    def review(self, who: Official, held_on: date | None, at: datetime) -> tuple[Actor, facts.PactReviewed]:
        """Note that the parties met for the yearly review; what they concluded is in no event."""
        by = self._require(PactAction.REVIEWS, who)
        held = _within(held_on, self.signed_on, today(self.departement, at), "la signature du pacte", name="held_on")
        return by, self.apply(facts.PactReviewed(**self._about(at), held_on=held))

    def apply(self, fact: Applied) -> Applied:
        """Change the pact by a fact of its own stream: one just decided, or one of a journal that is replayed.

        A replay knows the day of the last agreement or signature only, not that of each party.
        """
        day = today(self.departement, fact.at)
        match fact:
            case facts.PactDiagnosisShared():
                self.version, self.shared_on, self.agreed_on = fact.version, day, None
                for party in self.parties:
                    party.agreed_on = None
                self._move(PactState.DIAGNOSIS, fact.at)
            case facts.PactDiagnosisAgreed(complete=True):
                self.agreed_on = max((each.agreed_on for each in self.parties if each.agreed_on), default=day)
                self._move(PactState.PLANNING, fact.at)
            case facts.PactSigned(complete=True):
                self.signed_on = max((each.signed_on for each in self.parties if each.signed_on), default=day)
                self._move(PactState.SIGNED, fact.at)
            case facts.PactReviewed():
                self.reviewed_on = max(fact.held_on, self.reviewed_on or fact.held_on)
            case facts.PactPartyInvited():
                party = next(each for each in self.parties if each.name == fact.party)
                party.email, party.link_generation, party.invited_at = fact.email, fact.link_generation, fact.at
        return fact

    def _move(self, state: PactState, at: datetime) -> None:
        self.state, self.state_since = state, at

    @property
    def standing(self) -> PactStanding:
        """Where the pact is, as the moves see it."""
        return PactStanding(
            self.state,
            state_awaited=any(each.is_state for each in self.awaited),
            others_awaited=any(not each.is_state for each in self.awaited),
            planned=bool(self.actions),
            first_signed=any(each.signed_on for each in self.parties),
        )

    @property
    def awaited(self) -> list[Party]:
        """The parties that have yet to agree the diagnosis on the table or, once all agreed, to sign."""
        agreeing = self.state is PactState.DIAGNOSIS
        return [each for each in self.parties if (each.agreed_on if agreeing else each.signed_on) is None]

    def _invited(self, party: Party, email: str, by: Actor, at: datetime) -> facts.PactPartyInvited:
        return self.apply(
            facts.PactPartyInvited(
                **self._about(at),
                party_id=party.id,
                party=party.name,
                email=email,
                link_generation=party.link_generation,
                expected=self._expected_of(party),
                by=by,
            )
        )

    def _expected_of(self, party: Party) -> facts.PartyExpected:
        if self.state is PactState.SIGNED:
            return "report"
        if party not in self.awaited:
            return "follow"
        if self.state is PactState.DIAGNOSIS:
            return "agree"
        return "sign" if self.standing.opens(PactAction.SIGNATURES) else "follow"

    def _require(self, action: PactAction, who: Speaker) -> Actor:
        """Refuse what this person may not do, or what the pact is not ready for; else give their signature."""
        if who.roles.isdisjoint(PACT_MOVES[action].roles):
            raise Forbidden
        if not self.standing.opens(action):
            raise self._illegal(self._why_not(action), who)
        return who.acting_as(*PACT_MOVES[action].roles)

    def _named(self, reference: str) -> Party:
        """Find the party that is meant."""
        party = next((each for each in self.parties if each.goes_by(reference)), None)
        if party is None:
            known = ", ".join(each.name for each in self.parties)
            raise Invalid.field("party", f"Ce pacte n’a pas cette partie. Ses parties\u00a0: {known}.")
        return party

    def _speaking(self, action: PactAction, who: Speaker, reference: str) -> tuple[Party, Actor]:
        """Find the party that is meant, and refuse whoever may not speak for it."""
        by = self._require(action, who)
        if isinstance(who, Representative):
            return self.party(who.party_id), by
        party = self._named(reference)
        role, refusal = (Role.DELEGATE, StateNeedsDelegate) if party.is_state else (Role.SAT_AGENT, RecordedByAgent)
        if role not in who.roles:
            raise refusal
        return party, who.acting_as(role)

    def _why_not(self, action: PactAction) -> type[IllegalMove]:
        standing = self.standing
        if standing.first_signed and action in {PactAction.DIAGNOSIS, PactAction.ACTIONS}:
            return PlanFrozen
        if action in {PactAction.PROGRESS, PactAction.REVIEWS}:
            return NotSignedYet
        if action in {PactAction.ACTIONS, PactAction.SIGNATURES} and self.state is not PactState.SIGNED:
            return PlanEmpty if self.state is PactState.PLANNING else DiagnosisNotAgreed
        return IllegalMove

    def _illegal(self, refusal: type[IllegalMove], who: Speaker, **values: str) -> IllegalMove:
        return refusal(state=self.state.value, allowed_actions=self.allowed_actions(who), **values)

    def _action(self, action_id: UUID) -> PlannedAction:
        action = next((each for each in self.actions if each.id == action_id), None)
        if action is None:
            raise Invalid.field("action_id", "Ce pacte n’a pas cette action.")
        return action

    def _about(self, at: datetime) -> _About:
        return {"request_id": self.id, "departement": self.departement, "title": self.title, "at": at}


def _within(on: date | None, first: date | None, now: date, since: str, name: str = "on") -> date:
    """Return the day something was done, today unless given; refuses days to come and days before it was possible."""
    day = on or now
    if day > now:
        raise Invalid.field(name, "Cette date est à venir\u00a0: donnez la date à laquelle cela a été fait.")
    if first and day < first:
        raise Invalid.field(name, f"Cette date précède {since} ({short_date_fr(first)}).")
    return day
