"""Territorial pacts: opened by the département, agreed and signed by each party, then followed year after year."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.qualification.domain.pact import Diagnosis, Pact
from services.qualification.domain.pact_parties import STATE_NAME, Party, PartyKind, means_state, plain
from services.qualification.domain.pact_plan import PlannedAction, Status
from services.qualification.domain.people import Official
from services.qualification.settings import Rules, today
from services.qualification.store import cases, pacts
from services.qualification.usecases.telling import official
from shared.clock import new_id
from shared.contracts.vocabulary import ApplicantKind
from shared.db import Transaction
from shared.errors import FieldError, Invalid, NotFound
from shared.identity.model import Agent, Role
from shared.messaging import journal
from shared.territory import Territories


@dataclass(frozen=True, slots=True)
class Named:
    """A party as an agent names it; without `name`, the official one of its code."""

    name: str | None = None
    kind: PartyKind | None = None
    code: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """An action as an agent plans it; `budget_cents` in euro cents."""

    title: str
    owner: str
    due_on: date
    partners: tuple[str, ...] = ()
    budget_cents: int | None = None
    indicator: str | None = None


async def open_pact(
    tx: Transaction,
    pact_id: UUID,
    *,
    title: str,
    departement: str | None,
    parties: Sequence[Named],
    request_id: UUID | None,
    by: Agent,
    at: datetime,
    rules: Rules,
    territories: Territories,
) -> Pact:
    """Open a pact; the State is a party even when nobody names it. Refuses field by field what cannot be."""
    by.require(Role.SAT_AGENT, Role.DELEGATE)
    where, errors = _departement(departement, by, rules)
    errors += await _origin(tx, request_id, where, by)
    sides, more = _parties(parties, territories)
    if errors := [*errors, *more]:
        raise Invalid(errors)
    pact = Pact(
        id=pact_id,
        departement=where,
        title=title.strip(),
        parties=sides,
        opened_at=at,
        state_since=at,
        from_request=request_id,
    )
    await pacts.insert(tx, pact)
    await journal.record(tx, pact.opened())
    return pact


async def share_diagnosis(tx: Transaction, pact_id: UUID, diagnosis: Diagnosis, *, by: Agent, at: datetime) -> Pact:
    """Put a diagnosis on the table; agreements given to an earlier version are void."""
    pact, who = await _load(tx, pact_id, by)
    actor, fact = pact.share_diagnosis(who, at, today(pact.departement, at))
    if not diagnosis.strengths and not diagnosis.weaknesses:
        raise Invalid.field("strengths", "Un diagnostic dit au moins un atout ou une faiblesse du territoire.")
    await pacts.save(tx, pact)
    await pacts.add_diagnosis(tx, pact, diagnosis, by=actor, at=at)
    await journal.record(tx, fact)
    return pact


async def agree(tx: Transaction, pact_id: UUID, *, party: str, on: date | None = None, by: Agent, at: datetime) -> Pact:
    """Record that a party agreed the diagnosis; the State's agreement needs a délégué (`StateNeedsDelegate`)."""
    pact, who = await _load(tx, pact_id, by)
    side, actor, fact = pact.agree(who, party, on, at, today(pact.departement, at))
    await pacts.save(tx, pact)
    await pacts.add_agreement(tx, pact, side, by=actor, at=at)
    await journal.record(tx, fact)
    return pact


async def add_action(tx: Transaction, pact_id: UUID, planned: Planned, *, by: Agent, at: datetime) -> PlannedAction:
    """Add an action to the plan."""
    pact, who = await _load(tx, pact_id, by)
    action = PlannedAction(
        id=new_id(),
        title=planned.title.strip(),
        owner=planned.owner.strip(),
        due_on=planned.due_on,
        partners=tuple(dict.fromkeys(name.strip() for name in planned.partners if name.strip())),
        budget_cents=planned.budget_cents,
        indicator=planned.indicator,
    )
    actor, fact = pact.add_action(who, action, at, today(pact.departement, at))
    await pacts.add_action(tx, pact.id, action, by=actor, at=at)
    await journal.record(tx, fact)
    return action


async def remove_action(tx: Transaction, pact_id: UUID, action_id: UUID, *, by: Agent) -> None:
    """Take an action out of a plan that nobody signed yet."""
    pact, who = await _load(tx, pact_id, by)
    action = pact.remove_action(who, action_id)
    await pacts.remove_action(tx, action.id)


async def sign(tx: Transaction, pact_id: UUID, *, party: str, on: date | None = None, by: Agent, at: datetime) -> Pact:
    """Record that a party signed; the State's signature needs a délégué (`StateNeedsDelegate`)."""
    pact, who = await _load(tx, pact_id, by)
    side, actor, fact = pact.sign(who, party, on, at, today(pact.departement, at))
    await pacts.save(tx, pact)
    await pacts.add_signature(tx, pact, side, by=actor, at=at)
    await journal.record(tx, fact)
    return pact


async def report(
    tx: Transaction,
    pact_id: UUID,
    action_id: UUID,
    *,
    percent: int | None,
    status: Status | None,
    comment: str | None = None,
    by: Agent,
    at: datetime,
) -> PlannedAction:
    """Tell how far an action is."""
    pact, who = await _load(tx, pact_id, by)
    action, actor, fact = pact.report(who, action_id, percent, status, at)
    await pacts.add_progress(tx, action, comment, by=actor, at=at)
    await journal.record(tx, fact)
    return action


async def review(
    tx: Transaction, pact_id: UUID, *, held_on: date | None, summary: str, by: Agent, at: datetime
) -> Pact:
    """Note what the parties concluded at a yearly review; it stays in the département."""
    pact, who = await _load(tx, pact_id, by)
    held, actor = pact.review(who, held_on, today(pact.departement, at))
    await pacts.save(tx, pact)
    await pacts.add_review(tx, pact.id, held, summary, by=actor, at=at)
    return pact


async def _load(tx: Transaction, pact_id: UUID, agent: Agent) -> tuple[Pact, Official]:
    pact = await pacts.load_for_agent(tx, pact_id, agent.perimeter)
    if pact is None:
        raise NotFound
    return pact, official(agent)


def _departement(given: str | None, by: Agent, rules: Rules) -> tuple[str, list[FieldError]]:
    """Take the département that is named, or the agent's only one."""
    code = given.strip().upper() if given else ""
    if not code:
        if len(by.departements) != 1:
            return "", [FieldError("departement", "Dites quel département porte ce pacte.")]
        (code,) = by.departements
    if not by.sees(code) or not rules.serves(code):
        return code, [FieldError("departement", f"Le département {code} n’est pas dans votre périmètre.")]
    return code, []


async def _origin(tx: Transaction, request_id: UUID | None, departement: str, by: Agent) -> list[FieldError]:
    """Look whether the request that is named is a case of that département."""
    if request_id is None:
        return []
    case = await cases.load_for_agent(tx, request_id, by.perimeter)
    if case is None or case.departement != departement:
        return [FieldError("request_id", "Cette demande n’existe pas, ou n’est pas dans ce département.")]
    return []


def _parties(given: Sequence[Named], territories: Territories) -> tuple[list[Party], list[FieldError]]:
    sides: list[Party] = []
    errors: list[FieldError] = []
    for place, named in enumerate(given):
        name, wrong = _name(named, territories)
        kind = PartyKind.STATE if means_state(name, named.kind) else named.kind
        if wrong is not None:
            errors.append(FieldError(f"parties.{place}.{wrong.field}", wrong.message))
        elif kind is PartyKind.STATE and any(side.is_state for side in sides):
            errors.append(FieldError(f"parties.{place}.name", "L’État est nommé deux fois."))
        elif any(plain(side.name) == plain(name) for side in sides):
            errors.append(FieldError(f"parties.{place}.name", f"{name} est nommé deux fois."))
        else:
            sides.append(Party(new_id(), name, kind, named.code, named.email))
    if not errors and all(side.is_state for side in sides):
        errors.append(FieldError("parties", "Un pacte lie l’État et au moins une autre partie : nommez-la."))
    if not any(side.is_state for side in sides):
        sides.insert(0, Party(new_id(), STATE_NAME, PartyKind.STATE))
    return sorted(sides, key=lambda side: not side.is_state), errors


def _name(named: Named, territories: Territories) -> tuple[str, FieldError | None]:
    """Give the party's name, the official one when only its code is given; and what is wrong with it."""
    name = (named.name or "").strip()
    official_kind = next((kind for kind in ApplicantKind if named.kind and kind.value == named.kind.value), None)
    if named.code and official_kind and official_kind is not ApplicantKind.PRIORITY:
        found = territories.find(official_kind, named.code)
        if found is None:
            return name, FieldError("code", "Ce code n’est celui d’aucun territoire de cette nature.")
        name = name or found.name
    if not name and named.kind is PartyKind.STATE:
        name = STATE_NAME
    return name, None if name else FieldError("name", "Ce champ est obligatoire.")
