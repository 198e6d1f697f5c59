"""Enter, correct and remove the addresses of teams in the directory."""

from dataclasses import dataclass

from pydantic import Field

from services.notifications.domain.directory import ServiceInCharge
from services.notifications.domain.preferences import ROLES_OF
from services.notifications.store.contacts import forget_contact, set_contact
from services.notifications.usecases.context import Context
from services.notifications.usecases.deliveries import mailbox
from shared.commands import Command
from shared.contracts.fact import Email
from shared.contracts.notifications import Audience
from shared.contracts.vocabulary import Programme
from shared.errors import Forbidden, NotFound
from shared.identity.model import DEPARTEMENTAL, Agent, Role


class NotYourContact(Forbidden):
    """Another team edits this entry (HTTP 403)."""

    code = "not_your_contact"
    title = "Another team keeps this entry of the directory"
    sentence = "Cette fiche est tenue par une autre équipe que la vôtre : demandez-lui de la corriger."


@dataclass(frozen=True, slots=True)
class Entry:
    """One team of the directory; `scope` is its département or its programme."""

    audience: Audience
    scope: str | None = None

    @property
    def holder(self) -> str:
        """Name its mailbox."""
        return f"mailbox:{self.audience}:{self.scope}" if self.scope else mailbox(self.audience, None)

    def may_be_edited_by(self, agent: Agent) -> bool:
        """Return whether an agent may edit it: operators in their départements, others that of their own team."""
        if agent.has(Role.OPERATOR) and (agent.perimeter is None or self.audience in {"departement", "delegate"}):
            return self.is_seen_by(agent)
        match self.audience:
            case "departement" | "delegate":
                return agent.has(*DEPARTEMENTAL) and self.scope in agent.departements
            case "programme":
                return agent.has(Role.NATIONAL_AGENT) or self.scope in agent.programmes
            case "national" | "committee":
                return agent.has(Role.NATIONAL_AGENT, Role.COMMITTEE_SECRETARY)
            case _:
                return False

    def is_seen_by(self, agent: Agent) -> bool:
        """Return whether it lies in an agent's perimeter; national teams are everybody's."""
        return self.audience not in {"departement", "delegate"} or agent.sees(self.scope or "")


def entries_of(agent: Agent, departements: list[str]) -> list[Entry]:
    """List the teams that an agent sees; `departements` are those of which anything is known."""
    seen = sorted({*departements, *agent.departements})
    entries = [
        *(Entry(audience, code) for code in seen for audience in ("departement", "delegate")),
        Entry("national"),
        Entry("committee"),
        *(Entry("programme", programme.value) for programme in Programme),
        Entry("operator"),
    ]
    return [entry for entry in entries if entry.is_seen_by(agent)]


def entry_of(audience: str, scope: str | None, agent: Agent) -> Entry:
    """Find one team that an agent sees; any other does not exist."""
    known = entries_of(agent, [scope] if scope and audience in {"departement", "delegate"} else [])
    found = next((entry for entry in known if (entry.audience, entry.scope) == (audience, scope)), None)
    if found is None or audience not in ROLES_OF:
        raise NotFound
    return found


class Team(Command):
    """Which team of the directory; `scope` is its département or its programme."""

    audience: Audience
    scope: str | None = Field(default=None, max_length=40)


class EnterContact(Team):
    """How a team is reached."""

    name: str = Field(min_length=1, max_length=200)
    address: str | None = Field(default=None, max_length=500)
    email: Email
    phone: str | None = Field(default=None, max_length=40)


async def enter_contact(do: Context, command: EnterContact) -> Entry:
    """Store how a team is reached; it holds for what is written from now on, and for what is sent again."""
    entry = _editable(do, command)
    entered = ServiceInCharge(name=command.name, address=command.address, email=command.email, phone=command.phone)
    await set_contact(do.tx, entry.holder, entered, by=do.agent.id, at=do.at)
    return entry


async def withdraw_contact(do: Context, command: Team) -> Entry:
    """Forget what was entered: what is configured or was presented by the service holds again."""
    entry = _editable(do, command)
    await forget_contact(do.tx, entry.holder)
    return entry


def _editable(do: Context, team: Team) -> Entry:
    """Return a team that the agent may edit; refuses others that they see (`NotYourContact`)."""
    entry = entry_of(team.audience, team.scope, do.agent)
    if not entry.may_be_edited_by(do.agent):
        raise NotYourContact
    return entry
