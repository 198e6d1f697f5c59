"""Which mails an agent may see and resend: those of their départements, or of requests that reached their team."""

from dataclasses import dataclass

from shared.identity.model import DEPARTEMENTAL, TECHNICAL, Agent, Role


@dataclass(frozen=True, slots=True)
class Perimeter:
    """What an agent sees, as arguments of the SQL that reads: any of the three is enough.

    `departements` is None for who sees every département. `national`: what the national team was sent, and each
    request that was escalated. `programmes`: what was sent to these programmes, and each request directed to them.
    """

    departements: list[str] | None
    national: bool
    programmes: list[str]

    @classmethod
    def of(cls, agent: Agent) -> "Perimeter":
        """Return the perimeter of an agent; an operator or auditor without départements sees everything."""
        of_departements = agent.has(*DEPARTEMENTAL, *TECHNICAL)
        everything = agent.has(*TECHNICAL) and not agent.departements
        return cls(
            departements=None if everything else sorted(agent.departements) if of_departements else [],
            national=agent.has(Role.NATIONAL_AGENT, Role.COMMITTEE_SECRETARY),
            programmes=sorted(agent.programmes) if agent.has(Role.PROGRAMME_AGENT) else [],
        )

    @property
    def arguments(self) -> tuple[list[str] | None, bool, list[str]]:
        """Return $1 to $3 of `store.SEES_DELIVERY` and `store.SEES_REQUEST`."""
        return self.departements, self.national, self.programmes


EVERYTHING = Perimeter(None, national=True, programmes=[])
"""What the service itself sees."""
