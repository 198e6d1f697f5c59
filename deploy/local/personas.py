"""Personas: the demonstration's agents, who sign in with one click."""

from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from shared.contracts.vocabulary import Programme
from shared.territory.administrative_courts import of_departement

QUALIFICATION, ESCALATION = "qualification", "escalation"
PERSONAS_DOMAIN = "cousu.test"
"""No mail reaches it (RFC 2606), and nobody else is enrolled with such an address."""
ALL_SERVICES = ("intake", QUALIFICATION, ESCALATION, "notifications")


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody who may sign in, and what they may do in which services."""

    email: str
    given_name: str
    usual_name: str
    function: str
    role: str
    services: tuple[str, ...]
    departements: tuple[str, ...] = ()
    programmes: tuple[str, ...] = ()
    quality: str | None = None

    @property
    def name(self) -> str:
        """The name that the services show."""
        return f"{self.given_name} {self.usual_name}"

    @property
    def subject(self) -> str:
        """What the sign-in provider calls this person for ever, independently of the address."""
        return str(uuid5(NAMESPACE_URL, f"mailto:{self.email}"))


def departemental(number: str, delegate: tuple[str, str] | None = None) -> tuple[Persona, Persona]:
    """Return the SAT agent and the délégué of a département, who signs decisions; `delegate` is an invented name."""
    where = of_departement(number)
    services = (QUALIFICATION, "notifications")
    return (
        Persona(
            f"sat{number.lower()}@cousu.test",
            "Agent SAT",
            where,
            f"instruit les demandes du département ({number})",
            "sat_agent",
            services,
            departements=(number,),
        ),
        Persona(
            f"delegue{number.lower()}@cousu.test",
            *(delegate or ("Délégué territorial", where)),
            f"délégué territorial, valide les propositions du SAT ({number})",
            "delegate",
            services,
            departements=(number,),
            quality=f"délégué territorial adjoint, par délégation du préfet {where}",
        ),
    )


def _national(name: str, given_name: str, usual_name: str, function: str, role: str, *programmes: str) -> Persona:
    services = (ESCALATION, "notifications")
    return Persona(f"{name}@cousu.test", given_name, usual_name, function, role, services, programmes=programmes)


PERSONAS = (
    *departemental("95", ("Camille", "Aubertin")),
    *departemental("78", ("Dominique", "Lestrade")),
    _national("national", "Équipe", "nationale", "examine les saisines et mobilise les moyens", "national_agent"),
    _national(
        "secretaire",
        "Secrétaire",
        "du comité",
        "prépare les séances et consigne les décisions",
        "committee_secretary",
    ),
    _national(
        "programme",
        "Équipe",
        "des programmes nationaux",
        "reçoit les demandes adressées aux programmes",
        "programme_agent",
        *(programme.value for programme in Programme),
    ),
    Persona(
        "exploitant@cousu.test",
        "Exploitant",
        "de la plateforme",
        "surveille les files et relance ce qui attend",
        "operator",
        (*ALL_SERVICES, "operations"),
    ),
)
