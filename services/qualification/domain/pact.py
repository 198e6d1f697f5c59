"""The territorial pact as people lead it: parties, diagnosis, plan, versions that all sign, progress and reviews."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, TypedDict
from uuid import UUID

from services.qualification.domain.pact_moves import IN_FORCE, PACT_MOVES, UNTIL_READY, PactAction, PactState
from services.qualification.domain.pact_parties import Party, named, plain
from services.qualification.domain.pact_plan import PlannedAction, Status, check_money, progress
from services.qualification.domain.pact_record import Act, PactRecord
from services.qualification.domain.pact_refusals import (
    AlreadyAgreed,
    AlreadySigned,
    AnotherPartysAction,
    DiagnosisNotAgreed,
    LastParty,
    NothingToReopen,
    NotSignedYet,
    Outdated,
    OwnersUnknown,
    PactMoved,
    PlanEmpty,
    PlanFrozen,
    PlanNotReady,
    PlanReady,
    RecordedByAgent,
    StateHasNoLink,
    StateNeedsDelegate,
    StateStays,
    StillInCharge,
    VersionUnderWay,
)
from services.qualification.domain.people import Official, Representative
from shared.calendar import today
from shared.contracts import qualification as facts
from shared.contracts.fact import A_MOMENT, Actor
from shared.contracts.vocabulary import Role
from shared.errors import Forbidden, Invalid
from shared.french.dates import datetime_fr, short_date_fr

Speaker = Official | Representative


class _About(TypedDict):
    request_id: UUID
    departement: str
    title: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who signs for a party: name, function, and by what they may bind it."""

    name: str | None = None
    function: str | None = None
    authority: str | None = None


NOBODY_NAMED: Final = Signatory()
PLANNED: Final = frozenset({PactAction.ACTIONS, PactAction.READINESS, PactAction.SIGNATURES})
"""What comes once the diagnosis is agreed."""


class Pact(PactRecord):
    """A pact, as people lead it: a method checks, changes, and returns the fact to record."""

    __slots__ = ()

    def opened(self) -> facts.PactOpened:
        """Publish that the pact is prepared between these parties."""
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
        return self.standing.open_to_party(awaited=party in self.awaited, answers_for_actions=self._is_in_charge(party))

    def party(self, party_id: UUID) -> Party:
        """Return the party of this id; refuses (`Invalid`) one that is not ours."""
        found = next((each for each in self.parties if each.id == party_id), None)
        if found is None:
            raise Invalid.field("party_id", "Ce pacte n’a pas cette partie.")
        return found

    def add_party(self, who: Official, party: Party, at: datetime) -> facts.PactPartyAdded:
        """Add a party before the plan is ready; it has yet to agree a diagnosis that is on the table."""
        by = self._require(PactAction.PARTIES, who)
        self._refuse_twice(party)
        party.joined_in = self.number
        self.parties.append(party)
        added = self.apply(facts.PactPartyAdded(**self._about(at), party=party.name, by=by))
        self._note(by, f"a ajouté {party.name} aux parties", at)
        return added

    def correct_party(
        self, who: Official, party_id: UUID, corrected: Party, seen: str | None, at: datetime
    ) -> tuple[Party, facts.PactPartyCorrected]:
        """Correct who a party is or its contact; another address makes the links sent until now open nothing.

        `seen` is the name under which whoever corrects it saw it.
        """
        by = self._require(PactAction.PARTIES, who)
        party = self._other_than_state(party_id)
        if seen is not None and plain(seen) != plain(party.name):
            raise self._illegal(Outdated, who)
        self._refuse_twice(corrected, but=party)
        former, moved = party.name, corrected.email != party.email
        fact = facts.PactPartyCorrected(
            **self._about(at),
            party=former,
            name=corrected.name,
            link_generation=party.link_generation + (1 if moved and party.invited_at else 0),
            by=by,
        )
        self.apply(fact)
        party.kind, party.code, party.email = corrected.kind, corrected.code, corrected.email
        self._note(by, f"a corrigé la partie {party.name}", at)
        return party, fact

    def remove_party(self, who: Official, party_id: UUID, at: datetime) -> facts.PactPartyRemoved:
        """Remove a party before the plan is ready; one that signed the version in force stays until the next one is."""
        by = self._require(PactAction.PARTIES, who)
        party = self._other_than_state(party_id)
        if concerned := [action.title for action in self.actions if action.concerns(party.id)]:
            raise StillInCharge(party=party.name, actions=", ".join(f"«\u00a0{title}\u00a0»" for title in concerned))
        others = [each for each in self.present if each is not party]
        if all(each.is_state for each in others):
            raise LastParty
        removed = self._removal(
            party, by, at, complete=self.stage is PactState.DIAGNOSIS and all(each.agreed_on for each in others)
        )
        self.apply(removed)
        self._note(by, f"a retiré {party.name} des parties", at)
        return removed

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

    def invite_again(self, party: Party, by: Actor, at: datetime) -> facts.PactPartyInvited | None:
        """Send a party whose contact was corrected the link that opens the pact now, if it ever had one."""
        return self._invited(party, party.email, by, at) if party.email and party.invited_at else None

    def invite_others(
        self, by: Actor, at: datetime, turn: facts.PactTurn | None = None
    ) -> list[facts.PactPartyInvited]:
        """Send their link to all whose address is known, because something new is expected of them, or no longer."""
        return [
            self._invited(party, party.email, by, at + place * A_MOMENT, turn)
            for place, party in enumerate(self.present)
            if party.email and not party.is_state
        ]

    def remind(self, party: Party, at: datetime) -> facts.PactSignatureReminded:
        """Remind a party that has yet to sign."""
        if party.email is None or self.ready_at is None:
            raise ValueError(f"nothing to remind party {party.id} of")
        return facts.PactSignatureReminded(
            **self._about(at),
            party_id=party.id,
            party=party.name,
            email=party.email,
            link_generation=party.link_generation,
            asked_on=today(self.departement, self.ready_at),
        )

    def share_diagnosis(
        self, who: Official, at: datetime, *, seen: int | None = None
    ) -> tuple[Actor, facts.PactDiagnosisShared]:
        """Put a diagnosis on the table: a new version, which every party has yet to agree.

        `seen` is the version that its author had before their eyes.
        """
        by = self._require(PactAction.DIAGNOSIS, who)
        if seen is not None and seen != self.version:
            raise self._illegal(Outdated, who)
        fact = self.apply(facts.PactDiagnosisShared(**self._about(at), version=self.version + 1))
        self._note(by, "a mis un nouveau diagnostic sur la table", at)
        return by, fact

    def agree(
        self, who: Speaker, reference: str, on: date | None, at: datetime, *, seen: int | None = None
    ) -> tuple[Party, Actor, facts.PactDiagnosisAgreed]:
        """A party agrees the diagnosis that it saw; with the last one the plan can be drawn up."""
        party, by = self._speaking(PactAction.AGREEMENTS, who, reference)
        if party.agreed_on:
            raise self._illegal(AlreadyAgreed, who, party=party.name)
        if seen is not None and seen != self.version:
            raise self._illegal(Outdated, who)
        party.agreed_on = _within(on, self.shared_on, today(self.departement, at), "le partage de ce diagnostic")
        complete = all(each.agreed_on for each in self.present)
        agreed = self.apply(facts.PactDiagnosisAgreed(**self._about(at), party=party.name, complete=complete))
        self._note(by, f"a approuvé le diagnostic pour {party.name}", at)
        return party, by, agreed

    def add_action(self, who: Official, action: PlannedAction, at: datetime) -> tuple[Actor, facts.PactActionAdded]:
        """Add an action to a plan that is not ready yet."""
        by = self._require(PactAction.ACTIONS, who)
        self._check(action, at)
        self.actions.append(action)
        self._note(by, f"a ajouté l’action «\u00a0{action.title}\u00a0»", at)
        return by, facts.PactActionAdded(**self._about(at), action_id=action.id, action=action.title)

    def change_action(
        self, who: Official, changed: PlannedAction, seen: datetime | None, at: datetime
    ) -> tuple[PlannedAction, Actor, facts.PactActionChanged]:
        """Edit an action of a plan that is not ready yet; `seen`: when what its author read was last edited.

        Its progress, of an amendment, stays.
        """
        by = self._require(PactAction.ACTIONS, who)
        before = self._action(changed.id, self.actions)
        if seen is not None and before.changed_at is not None and seen < before.changed_at:
            raise self._illegal(Outdated, who)
        if changed.due_on != before.due_on:
            self._check(changed, at)
        check_money(changed)
        after = replace(changed, status=before.status, percent=before.percent, changed_at=at)
        self.actions[self.actions.index(before)] = after
        self._note(by, f"a modifié l’action «\u00a0{after.title}\u00a0»", at)
        return after, by, facts.PactActionChanged(**self._about(at), action_id=after.id, action=after.title)

    def remove_action(self, who: Official, action_id: UUID, at: datetime) -> facts.PactActionRemoved:
        """Take an action out of a plan that is not ready yet."""
        by = self._require(PactAction.ACTIONS, who)
        action = self._action(action_id, self.actions)
        self.actions.remove(action)
        self._note(by, f"a retiré l’action «\u00a0{action.title}\u00a0»", at)
        return facts.PactActionRemoved(**self._about(at), action_id=action.id, action=action.title)

    def make_ready(self, who: Official, at: datetime) -> tuple[Actor, facts.PactPlanReady]:
        """Declare that the plan is ready: it does not change any more, and each party is asked to sign it."""
        by = self._require(PactAction.READINESS, who)
        ready = self.apply(facts.PactPlanReady(**self._about(at), version=self.number, by=by))
        self._note(by, "a déclaré le plan prêt à signer", at)
        return by, ready

    def reopen(self, who: Official, at: datetime) -> tuple[Actor, facts.PactPlanReopened]:
        """Take the plan back to work, before anybody signed it."""
        by = self._require(PactAction.REOPENING, who)
        reopened = self.apply(facts.PactPlanReopened(**self._about(at), version=self.number, by=by))
        self._note(by, "a repris le plan pour le corriger", at)
        return by, reopened

    def start_version(self, who: Official, at: datetime) -> tuple[Actor, facts.PactVersionStarted]:
        """Prepare another version: an amendment, or one in the place of a version that only some have signed."""
        by = self._require(PactAction.VERSIONS, who)
        number = max([self.number, *(each.number for each in self.versions)]) + 1
        started = self.apply(facts.PactVersionStarted(**self._about(at), version=number, by=by))
        self._note(by, f"a ouvert la version {number}", at)
        return by, started

    def give_up(self, who: Official, at: datetime) -> list[facts.PactPartyRemoved | facts.PactVersionGivenUp]:
        """Give up an amendment that nobody signed: what is in force stays as it is, and who joined leaves again."""
        by = self._require(PactAction.GIVING_UP, who)
        joined = [each for each in self.parties if each.joined_in == self.number]
        removed = [
            self.apply(self._removal(party, by, at + place * A_MOMENT, complete=False))
            for place, party in enumerate(joined)
        ]
        given_up = facts.PactVersionGivenUp(
            **self._about(at + len(joined) * A_MOMENT),
            version=self.number,
            in_force=next(each.number for each in self.versions if each.state == "in_force"),
            diagnosis=self.kept.diagnosis if self.kept else self.version,
            by=by,
        )
        self._note(by, f"a abandonné la version {self.number}", at)
        return [*removed, self.apply(given_up)]

    def sign(
        self,
        who: Speaker,
        reference: str,
        on: date | None,
        at: datetime,
        *,
        seen: datetime | None = None,
        signatory: Signatory = NOBODY_NAMED,
    ) -> tuple[Party, Actor, facts.PactSigned]:
        """A party signs the plan that it saw made ready; with the last signature this version is in force."""
        party, by = self._speaking(PactAction.SIGNATURES, who, reference)
        if party.signed_on:
            raise self._illegal(AlreadySigned, who, party=party.name)
        if seen is not None and seen != self.ready_at:
            raise self._illegal(Outdated, who)
        first = today(self.departement, self.ready_at) if self.ready_at else self.agreed_on
        party.signed_on = _within(on, first, today(self.departement, at), "le jour où le plan a été prêt à signer")
        complete = all(each.signed_on for each in self.present)
        signed = facts.PactSigned(**self._about(at), party=party.name, complete=complete, version=self.number)
        self.apply(signed)
        self._note(replace_name(by, signatory), f"a signé pour {party.name}", at)
        return party, by, signed

    def report(
        self, who: Speaker, action_id: UUID, percent: int | None, status: Status | None, at: datetime
    ) -> tuple[PlannedAction, Actor, facts.PactProgressReported]:
        """Report how far an action of the plan in force is; what is not given follows from the other.

        A party reports on the actions that it owns or takes part in (`AnotherPartysAction`).
        """
        by = self._require(PactAction.PROGRESS, who)
        action = self._action(action_id, self.pursued)
        if isinstance(who, Representative):
            party = self.party(who.party_id)
            if not any(each.is_of(party.id, party.name) for each in action.in_charge):
                raise AnotherPartysAction
        action.percent, action.status = progress(action, percent, status)
        for amended in self.actions:
            if amended.id == action.id:
                amended.percent, amended.status = action.percent, action.status
        reported = facts.PactProgressReported(
            **self._about(at), action_id=action.id, percent=action.percent, status=action.status
        )
        self._note(by, f"a fait le point sur «\u00a0{action.title}\u00a0»", at)
        return action, by, reported

    def review(self, who: Official, held_on: date | None, at: datetime) -> tuple[Actor, facts.PactReviewed]:
        """Note that the parties met for the yearly review; what they concluded is in no event."""
        by = self._require(PactAction.REVIEWS, who)
        held = _within(held_on, self.signed_on, today(self.departement, at), "la signature du pacte", name="held_on")
        self._note(by, "a enregistré une revue annuelle", at)
        return by, self.apply(facts.PactReviewed(**self._about(at), held_on=held))

    def _note(self, by: Actor, what: str, at: datetime) -> None:
        self.last = Act(by=by.name or by.email or "Le service de l’État", what=what, at=at)

    def _said_last(self) -> str:
        if self.last is None:
            return ""
        when = datetime_fr(self.last.at, self.departement)
        return f"Dernière étape\u00a0: {self.last.by} {self.last.what}, le {when}."

    def _invited(
        self, party: Party, email: str, by: Actor, at: datetime, turn: facts.PactTurn | None = None
    ) -> facts.PactPartyInvited:
        return self.apply(
            facts.PactPartyInvited(
                **self._about(at),
                party_id=party.id,
                party=party.name,
                email=email,
                link_generation=party.link_generation,
                expected=self._expected_of(party),
                by=by,
                version=self.number,
                turn=turn,
            )
        )

    def _expected_of(self, party: Party) -> facts.PartyExpected:
        if self.stage is PactState.SIGNED:
            return "report"
        if party not in self.awaited:
            return "follow"
        if self.stage is PactState.DIAGNOSIS:
            return "agree"
        return "sign" if self.standing.opens(PactAction.SIGNATURES) else "follow"

    def _require(self, action: PactAction, who: Speaker) -> Actor:
        """Refuse what this person may not do, or what the pact is not ready for; else give their signature."""
        if who.roles.isdisjoint(PACT_MOVES[action].roles):
            raise Forbidden
        if not self.standing.opens(action):
            raise self._why_not(action, who)
        return who.acting_as(*PACT_MOVES[action].roles)

    def _named(self, reference: str) -> Party:
        """Find the party that is meant."""
        party = named(self.present, reference)
        if party is None:
            known = ", ".join(each.name for each in self.present)
            raise Invalid.field("party", f"Ce pacte n’a pas cette partie. Ses parties\u00a0: {known}.")
        return party

    def _removal(self, party: Party, by: Actor, at: datetime, *, complete: bool) -> facts.PactPartyRemoved:
        return facts.PactPartyRemoved(
            **self._about(at),
            party_id=party.id,
            party=party.name,
            link_generation=party.link_generation,
            email=party.email if party.invited_at else None,
            complete=complete,
            from_version=self.number if self.amending and party.joined_in < self.number else None,
            by=by,
        )

    def _other_than_state(self, party_id: UUID) -> Party:
        party = self.party(party_id)
        if party.is_state:
            raise StateStays
        if not party.present:
            raise Invalid.field("party_id", f"{party.name} n’est plus partie à la version en préparation.")
        return party

    def _refuse_twice(self, party: Party, but: Party | None = None) -> None:
        """Refuse a name or an official code that another party has."""
        for each in self.parties:
            if each is but:
                continue
            if plain(each.name) == plain(party.name) or (
                party.code and (each.kind, each.code) == (party.kind, party.code)
            ):
                raise Invalid.field("name", f"{each.name} est déjà partie à ce pacte.")

    def _speaking(self, action: PactAction, who: Speaker, reference: str) -> tuple[Party, Actor]:
        """Find the party that is meant, and refuse whoever may not speak for it."""
        by = self._require(action, who)
        if isinstance(who, Representative):
            party = self.party(who.party_id)
            if not party.present:
                raise Forbidden
            return party, by
        party = self._named(reference)
        role, refusal = (Role.DELEGATE, StateNeedsDelegate) if party.is_state else (Role.SAT_AGENT, RecordedByAgent)
        if role not in who.roles:
            raise refusal
        return party, who.acting_as(role)

    def _is_in_charge(self, party: Party) -> bool:
        return any(each.is_of(party.id, party.name) for action in self.pursued for each in action.in_charge)

    def _check(self, action: PlannedAction, at: datetime) -> None:
        if action.due_on < today(self.departement, at):
            raise Invalid.field("due_on", "Choisissez une échéance à venir.")
        check_money(action)

    def _why_not(self, action: PactAction, who: Speaker) -> PactMoved:
        standing, planning = self.standing, self.stage is PactState.PLANNING
        said: dict[str, object] = {}
        refusal: type[PactMoved] = PactMoved
        if action in IN_FORCE:
            refusal = NotSignedYet
        elif action in UNTIL_READY and (self.stage is PactState.SIGNED or standing.first_signed):
            refusal = PlanFrozen
        elif action in UNTIL_READY and standing.ready and planning:
            refusal = PlanReady
        elif action is PactAction.VERSIONS and self.version:
            refusal, said = VersionUnderWay, {"number": self.number}
        elif action is PactAction.REOPENING:
            refusal = PlanFrozen if standing.first_signed else NothingToReopen
        elif action in PLANNED and planning:
            refusal, said = self._not_ready(action)
        elif action in PLANNED and self.stage is not PactState.SIGNED:
            refusal = DiagnosisNotAgreed
        return self._illegal(refusal, who, **said)

    def _not_ready(self, action: PactAction) -> tuple[type[PactMoved], dict[str, object]]:
        if not self.actions:
            return PlanEmpty, {}
        unowned = [f"«\u00a0{each.title}\u00a0»" for each in self.actions if not each.is_owned]
        if unowned and action is PactAction.READINESS:
            return OwnersUnknown, {"actions": ", ".join(unowned)}
        return PlanNotReady, {}

    def _illegal(self, refusal: type[PactMoved], who: Speaker, **said: object) -> PactMoved:
        return refusal(
            state=self.state.value, allowed_actions=self.allowed_actions(who), last=self._said_last(), **said
        )

    def _action(self, action_id: UUID, among: list[PlannedAction]) -> PlannedAction:
        action = next((each for each in among if each.id == action_id), None)
        if action is None:
            raise Invalid.field("action_id", "Ce pacte n’a pas cette action.")
        return action

    def _about(self, at: datetime) -> _About:
        return {"request_id": self.id, "departement": self.departement, "title": self.title, "at": at}


def replace_name(by: Actor, signatory: Signatory) -> Actor:
    """Return who is said to have signed: the signatory, where an agent only noted it."""
    return by.model_copy(update={"name": signatory.name}) if signatory.name else by


def _within(on: date | None, first: date | None, now: date, since: str, name: str = "on") -> date:
    """Return the day something was done, today unless given; refuses days to come and days before it was possible."""
    day = on or now
    if day > now:
        raise Invalid.field(name, "Cette date est à venir\u00a0: donnez la date à laquelle cela a été fait.")
    if first and day < first:
        raise Invalid.field(name, f"Cette date précède {since} ({short_date_fr(first)}).")
    return day
