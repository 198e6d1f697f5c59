"""Demonstration data of the département: providers of the Val-d'Oise and the Yvelines with fictitious addresses.

The bodies exist and do what is written here; the capacities are examples, and every address ends in `.test`,
so that no mail can reach them. No telephone number is given.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from services.qualification.domain.matching import CatalogueEntry
from services.qualification.store import providers
from shared.contracts.vocabulary import Field, SupportType
from shared.db import Transaction

F, S = Field, SupportType

TERRITORIAL: Final = (F.DYNAMIQUES_TERRITORIALES, F.ATOUTS_FAIBLESSES, F.CONCERTATION, F.ORIENTATIONS_PLAN_ACTION)


def _entry(
    slug: str,
    name: str,
    kind: str,
    url: str,
    departements: tuple[str, ...],
    *,
    fields: Iterable[Field],
    support_types: Iterable[SupportType],
    capacity: int,
) -> CatalogueEntry:
    return CatalogueEntry(
        id=uuid5(NAMESPACE_URL, f"cousu-main:demonstration:provider:{slug}"),
        name=name,
        kind=kind,
        email=f"contact@{slug}.test",
        url=url,
        departements=departements,
        fields=tuple(fields),
        support_types=tuple(support_types),
        capacity=capacity,
    )


CATALOGUE: Final = (
    _entry(
        "caue95",
        "CAUE du Val-d’Oise",
        "Conseil d’architecture, d’urbanisme et de l’environnement",
        "https://www.caue95.org",
        ("95",),
        fields=(
            F.REVITALISATION_COMMERCIALE,
            F.RENOUVELLEMENT_URBAIN,
            F.HABITAT,
            F.TRANSITION_ECOLOGIQUE,
            F.CONCERTATION,
        ),
        support_types=(S.INGENIERIE_PROJET, S.AMO_PUBLIQUE),
        capacity=40,
    ),
    _entry(
        "caue78",
        "CAUE des Yvelines",
        "Conseil d’architecture, d’urbanisme et de l’environnement",
        "https://www.caue78.fr",
        ("78",),
        fields=(
            F.REVITALISATION_COMMERCIALE,
            F.RENOUVELLEMENT_URBAIN,
            F.HABITAT,
            F.TRANSITION_ECOLOGIQUE,
            F.CONCERTATION,
        ),
        support_types=(S.INGENIERIE_PROJET, S.AMO_PUBLIQUE),
        capacity=40,
    ),
    _entry(
        "ingenier-y",
        "IngénierY",
        "Agence technique départementale",
        "https://www.yvelines.fr",
        ("78",),
        fields=(F.HABITAT, F.RENOUVELLEMENT_URBAIN, F.MOBILITE, F.SERVICES_PUBLICS_SANTE),
        support_types=(S.AMO_PUBLIQUE, S.INGENIERIE_PROJET),
        capacity=30,
    ),
    _entry(
        "epfif",
        "Établissement public foncier d’Île-de-France",
        "Établissement public foncier",
        "https://www.epfif.fr",
        ("78", "95"),
        fields=(F.HABITAT, F.RENOUVELLEMENT_URBAIN, F.REVITALISATION_COMMERCIALE),
        support_types=(S.MOA_IMMOBILIERE, S.INGENIERIE_PROJET),
        capacity=30,
    ),
    _entry(
        "institut-paris-region",
        "L’Institut Paris Region",
        "Agence d’urbanisme",
        "https://www.institutparisregion.fr",
        ("78", "95"),
        fields=(F.MOBILITE, F.TRANSITION_ECOLOGIQUE, F.TOURISME_DEVELOPPEMENT_ECONOMIQUE, *TERRITORIAL),
        support_types=(S.ANALYSE_TERRITORIALE, S.OUTILS_ANALYSE, S.CAPITALISATION),
        capacity=40,
    ),
    _entry(
        "cerema-idf",
        "Cerema Île-de-France",
        "Opérateur de l’État",
        "https://www.cerema.fr",
        ("78", "95"),
        fields=(F.MOBILITE, F.TRANSITION_ECOLOGIQUE, F.RENOUVELLEMENT_URBAIN, F.NUMERIQUE),
        support_types=(S.AMO_PUBLIQUE, S.INGENIERIE_PROJET, S.CAPITALISATION),
        capacity=30,
    ),
    _entry(
        "banque-des-territoires",
        "Banque des Territoires Île-de-France",
        "Opérateur de l’État",
        "https://www.banquedesterritoires.fr",
        ("78", "95"),
        fields=(
            F.REVITALISATION_COMMERCIALE,
            F.SERVICES_PUBLICS_SANTE,
            F.NUMERIQUE,
            F.TOURISME_DEVELOPPEMENT_ECONOMIQUE,
            F.FONDS_EUROPEENS,
        ),
        support_types=(S.INGENIERIE_PROJET, S.AMO_PUBLIQUE, S.MOA_IMMOBILIERE),
        capacity=40,
    ),
)


async def load(tx: Transaction, at: datetime) -> int:
    """Add the providers that are missing; return how many. What an agent changed since is not overwritten."""
    return sum([await providers.insert(tx, entry, at) for entry in CATALOGUE])
