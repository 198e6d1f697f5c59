"""Use case that opens a pact for a département with its parties (the State is always one), from a request or not."""

from typing import Annotated, Final
from uuid import UUID

from pydantic import BeforeValidator, StringConstraints
from pydantic import Field as Bounds

from services.qualification.domain.inputs import Short
from services.qualification.domain.pact import Pact
from services.qualification.store import cases, pacts
from services.qualification.usecases.context import Context
from services.qualification.usecases.pacts.parties import FillInParty, NamedParty, parties_of
from shared.clock import new_id
from shared.commands import Command
from shared.errors import FieldError, Invalid
from shared.identity.model import Role
from shared.messaging import journal

MOST_PARTIES: Final = 60


def _by_name(value: object) -> object:
    """Take a text for a party of that name."""
    return {"name": value} if isinstance(value, str) else value


class OpenPact(Command):
    """A pact to open; without `departement`, the agent's only one. The State is a party even when not named."""

    title: Short
    departement: Annotated[str, StringConstraints(strip_whitespace=True, max_length=3)] | None = None
    parties: list[Annotated[NamedParty, BeforeValidator(_by_name)]] = Bounds(max_length=MOST_PARTIES)
    request_id: UUID | None = None


class FillInPact(OpenPact):
    """The form of a pact to open, in which no row of a party may be filled in."""

    parties: list[FillInParty] = Bounds(  # type: ignore[assignment] # a form only asks for more
        default_factory=list, max_length=MOST_PARTIES
    )


async def open_pact(do: Context, command: OpenPact) -> UUID:
    """Open a pact between the State and the parties that are named. Refuses field by field what cannot be."""
    do.agent.require(Role.SAT_AGENT, Role.DELEGATE)
    where, errors = _departement(command.departement, do)
    errors += await _origin(do, command.request_id, where)
    sides, more = parties_of(command.parties, do.territories)
    if errors := [*errors, *more]:
        raise Invalid(errors)
    pact = Pact(
        id=new_id(),
        departement=where,
        title=command.title,
        parties=sides,
        opened_at=do.at,
        state_since=do.at,
        from_request=command.request_id,
    )
    await pacts.insert(do.tx, pact)
    await journal.record(do.tx, pact.opened())
    return pact.id


def _departement(given: str | None, do: Context) -> tuple[str, list[FieldError]]:
    """Take the département that is named, or the agent's only one."""
    code = given.strip().upper() if given else ""
    if not code:
        if len(do.agent.departements) != 1:
            return "", [FieldError("departement", "Dites quel département porte ce pacte.")]
        (code,) = do.agent.departements
    if not do.agent.sees(code) or not do.rules.serves(code):
        return code, [FieldError("departement", f"Le département {code} n’est pas dans votre périmètre.")]
    return code, []


async def _origin(do: Context, request_id: UUID | None, departement: str) -> list[FieldError]:
    """Look whether the request that is named is a case of that département."""
    if request_id is None:
        return []
    case = await cases.load_for_agent(do.tx, request_id, do.agent.perimeter)
    if case is None or case.departement != departement:
        return [FieldError("request_id", "Cette demande n’existe pas, ou n’est pas dans ce département.")]
    return []
