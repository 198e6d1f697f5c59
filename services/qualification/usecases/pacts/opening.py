"""Open a pact: its département, the request that led to it, and its parties, the State always among them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.qualification.domain.pact import Pact
from services.qualification.domain.pact_parties import STATE_NAME, Party, PartyKind, means_state, plain
from services.qualification.domain.rules import Rules
from services.qualification.store import cases, pacts
from shared.clock import new_id
from shared.contracts.vocabulary import ApplicantKind
from shared.db import Transaction
from shared.errors import FieldError, Invalid
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
