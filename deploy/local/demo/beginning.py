"""Load the initial demonstration data of `make run`: the catalogue, the envelope, a few requests and pacts."""

import asyncio
from typing import Any

from deploy.local.demo import catalogue as qualification
from deploy.local.demo import means as escalation
from deploy.local.demo import pacts
from deploy.local.demo.clients import ApiClient, prepare
from services.operations.environment import database_of, variable
from shared import clock

REQUESTS: tuple[dict[str, Any], ...] = (
    {
        "applicant": {"kind": "commune", "code": "95355"},
        "contact": {
            "name": "Secrétariat de mairie",
            "role": "Secrétaire de mairie",
            "email": "magny-en-vexin@cousu.test",
        },
        "kind": "tailored_support",
        "title": "Redonner vie aux commerces du centre-bourg",
        "description": (
            "Plusieurs locaux commerciaux du centre-bourg sont vides. La commune souhaite être aidée pour définir un "
            "projet, chiffrer les travaux et trouver les porteurs."
        ),
        "support_types": ["ingenierie_projet", "amo_publique"],
        "fields": ["revitalisation_commerciale", "habitat"],
        "budget_cents": 35_000_000,
    },
    {
        "applicant": {"kind": "commune", "code": "95651"},
        "contact": {"name": "Mairie", "role": "Adjoint au maire", "email": "vetheuil@cousu.test"},
        "kind": "tailored_support",
        "title": "Une maison de santé dans l’ancienne école",
        "description": "L’ancienne école est libre. Nous voudrions y accueillir un médecin et des infirmiers.",
        "support_types": ["moa_immobiliere"],
        "fields": ["services_publics_sante"],
    },
    {
        "applicant": {"kind": "epci", "code": "200035970"},
        "contact": {"name": "Direction générale", "role": "Direction", "email": "vexin-centre@cousu.test"},
        "kind": "territorial_project",
        "title": "Un projet de territoire pour le Vexin",
        "description": "Élaborer avec les communes et les habitants un projet de territoire à dix ans.",
        "support_types": ["analyse_territoriale"],
        "fields": ["dynamiques_territoriales", "concertation"],
    },
    {
        "applicant": {"kind": "commune", "code": "78310"},
        "contact": {"name": "Mairie", "role": "Secrétaire générale", "email": "houdan@cousu.test"},
        "kind": "programme",
        "programme": "petites_villes_de_demain",
        "title": "Revitaliser le centre ancien",
        "description": "La commune souhaite savoir comment le programme peut l’aider.",
    },
)
"""Real communes and intercommunalités, invented projects, addresses that nobody has."""


def load() -> None:
    """Load the catalogue, the envelope, a few requests and pacts; what is there already is left alone."""
    prepare()
    asyncio.run(_load())
    client = ApiClient(variable("INTAKE_PUBLIC_URL"))
    for number, body in enumerate(REQUESTS, start=1):
        client.post("/requests", body, {"Idempotency-Key": f"demonstration-{number}"})
    pacts.load(clock.now().date())


async def _load() -> None:
    async with database_of("qualification") as database, database.transaction() as tx:
        await qualification.load(tx, clock.now())
    async with database_of("escalation") as database, database.transaction() as tx:
        await escalation.load(tx, clock.now())
