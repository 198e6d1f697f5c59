"""Parties of a pact as agents name them, official ones by the official lists; add, correct and remove them."""

from collections.abc import Sequence
from typing import Final, Self
from uuid import UUID

from pydantic import model_validator

from services.qualification.domain.inputs import Code, Short
from services.qualification.domain.pact import Pact
from services.qualification.domain.pact_parties import STATE_NAME, Party, PartyKind, means_state, plain
from services.qualification.domain.pact_refusals import StateStays
from services.qualification.usecases.context import Context
from services.qualification.usecases.pacts.context import changes_pact, changes_part_of_pact
from shared.clock import new_id
from shared.commands import Command, Nothing
from shared.contracts.fact import A_MOMENT, Email, Fact
from shared.contracts.vocabulary import ApplicantKind
from shared.errors import FieldError, Invalid
from shared.territory import Territories, Territory
from shared.territory.index import core, fold

OFFICIAL: Final = {PartyKind(kind.value): kind for kind in ApplicantKind if kind is not ApplicantKind.PRIORITY}
"""Kinds of parties of which there is an official list."""
_SIREN, _SIRET = 9, 14


class NamedParty(Command):
    """A party; an official one by its kind and its code, or by its kind and its official name."""

    name: Short | None = None
    kind: PartyKind | None = None
    code: Code | None = None
    email: Email | None = None


class FillInParty(NamedParty):
    """The form of a party, in which the list of territories gives the code beside the name."""

    name_code: Code | None = None

    @model_validator(mode="after")
    def _picked(self) -> Self:
        """Take the code of the territory that was picked by its name, after the form was filled in with another."""
        self.code = self.name_code or self.code
        return self


class CorrectParty(NamedParty):
    """What a party becomes. `seen` is its name as whoever corrects it read it."""

    seen: Short | None = None


class FillInCorrection(FillInParty, CorrectParty):
    """The form of a correction."""


def party_of(named: NamedParty, territories: Territories) -> Party:
    """Return the party that is meant; refuses (`Invalid`) a code or a name that is not on the official list."""
    name = named.name or (STATE_NAME if named.kind is PartyKind.STATE else "")
    if means_state(name, named.kind):
        return Party(new_id(), name, PartyKind.STATE, email=named.email)
    kind, code = named.kind, "".join(named.code.split()).upper() if named.code else None
    if kind is None and code:
        kind = _kind_of(code, territories)
    if official := OFFICIAL.get(kind) if kind else None:
        found = _by_code(official, code, name, territories) if code else _by_name(official, name, territories)
        return Party(new_id(), _called(name, found), kind, found.code, named.email)
    if not name:
        raise Invalid.field("name", "Donnez le nom de cette partie.")
    if code and not _is_siren(code):
        raise Invalid.field("code", "Donnez un numéro SIREN (9 chiffres) ou SIRET (14 chiffres), ou laissez vide.")
    return Party(new_id(), name, kind, code, named.email)


@changes_pact
async def add_party(do: Context, pact: Pact, command: NamedParty) -> Sequence[Fact]:
    """Add a party, before the plan is ready; a diagnosis on the table waits for its agreement."""
    party = party_of(command, do.territories)
    if party.is_state:
        raise StateStays
    fact = pact.add_party(do.who, party, do.at)
    if pact.version and party.email:
        return [fact, pact.invite(do.who, str(party.id), None, do.at + A_MOMENT)[1]]
    return [fact]


@changes_part_of_pact
async def correct_party(do: Context, pact: Pact, party_id: UUID, command: CorrectParty) -> Sequence[Fact]:
    """Correct a party's name, nature, code or address, before the plan is ready; its link follows to a new address."""
    former = pact.party(party_id)
    address = former.email
    corrected = party_of(command, do.territories) if not former.is_state else former
    if corrected.is_state:
        raise StateStays
    party, fact = pact.correct_party(do.who, party_id, corrected, command.seen, do.at)
    again = pact.invite_again(party, fact.by, do.at + A_MOMENT) if party.email != address else None
    return [fact, *([again] if again else [])]


@changes_part_of_pact
async def remove_party(do: Context, pact: Pact, party_id: UUID, _: Nothing) -> Sequence[Fact]:
    """Remove a party, before the plan is ready: its link opens nothing any more, and it gets a mail."""
    return [pact.remove_party(do.who, party_id, do.at)]


def _kind_of(code: str, territories: Territories) -> PartyKind | None:
    """Find what a code without a kind is: a territory's, or of some other body."""
    found = territories.bearing(code)
    if len(found) == 1:
        return PartyKind(found[0].kind.value)
    if found:
        raise Invalid.field("kind", "Plusieurs territoires ont ce code\u00a0: dites de quelle nature est la partie.")
    if not _is_siren(code):
        raise Invalid.field("code", "Ce code n’est celui d’aucun territoire des listes officielles.")
    return None


def _by_code(kind: ApplicantKind, code: str, name: str, territories: Territories) -> Territory:
    try:
        found = territories.official(kind, code)
    except Invalid as refused:
        raise Invalid(FieldError("code", error.message) for error in refused.errors) from refused
    if name and not _is_called(name, found):
        raise Invalid.field(
            "code", f"Ce code est celui de «\u00a0{found.full_name}\u00a0»\u00a0: corrigez le code ou le nom."
        )
    return found


def _by_name(kind: ApplicantKind, name: str, territories: Territories) -> Territory:
    if not name:
        raise Invalid.field("name", "Donnez le nom de cette partie.")
    found = [
        one for one in territories.search(name, kind, limit=50) if fold(name) in {fold(one.name), fold(one.full_name)}
    ]
    if len(found) == 1:
        return found[0]
    known = "Plusieurs territoires portent ce nom" if found else "Ce nom n’est pas dans la liste officielle"
    raise Invalid.field("name", f"{known}\u00a0: choisissez dans la liste, ou donnez le code.")


def _is_called(name: str, territory: Territory) -> bool:
    """Return whether a name means this territory: “Commune de Magny-en-Vexin” and “Magny” both do."""
    said = fold(name)
    return any(core(fold(one)) in said or said in fold(one) for one in (territory.name, territory.full_name))


def _called(name: str, territory: Territory) -> str:
    """Return the name as it was given where it holds the official one, else the official one."""
    return name if name and core(fold(territory.name)) in fold(name) else territory.full_name


def _is_siren(code: str) -> bool:
    return code.isascii() and code.isdecimal() and len(code) in {_SIREN, _SIRET}


def parties_of(given: Sequence[NamedParty], territories: Territories) -> tuple[list[Party], list[FieldError]]:
    """Return the parties of a new pact, the State first, and what is wrong with those that were named."""
    sides: list[Party] = []
    errors: list[FieldError] = []
    for place, one in enumerate(given):
        try:
            side = party_of(one, territories)
        except Invalid as refused:
            errors += [FieldError(f"parties.{place}.{error.field}", error.message) for error in refused.errors]
            continue
        if side.is_state and any(each.is_state for each in sides):
            errors.append(FieldError(f"parties.{place}.name", "L’État est nommé deux fois."))
        elif any(plain(each.name) == plain(side.name) for each in sides):
            errors.append(FieldError(f"parties.{place}.name", f"{side.name} est nommé deux fois."))
        else:
            sides.append(side)
    if not errors and all(side.is_state for side in sides):
        errors.append(FieldError("parties", "Un pacte lie l’État et au moins une autre partie\u00a0: nommez-la."))
    if not any(side.is_state for side in sides):
        sides.insert(0, Party(new_id(), STATE_NAME, PartyKind.STATE))
    return sorted(sides, key=lambda side: not side.is_state), errors
