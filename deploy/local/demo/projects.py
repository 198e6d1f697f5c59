"""Generate the demonstration's projects from a seed: real territories, fictitious projects and addresses."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from shared.contracts.vocabulary import ApplicantKind, Field, Programme, RequestKind, SupportType
from shared.territory import Departement, Territories, Territory

F, S = Field, SupportType

SMALLEST, LARGEST = 300, 20_000
"""Inhabitants of the communes that ask: few have engineers of their own."""

EPCI_ONE_IN = 5


class Stage(StrEnum):
    """How far a project has come before the national team."""

    RECEIVED = "received"
    ASKED = "asked"
    ADMISSIBLE = "admissible"
    SCHEDULED = "scheduled"
    DEFERRED = "deferred"
    SENT_BACK = "sent_back"
    REFUSED = "refused"
    GRANTED = "granted"
    WITH_RESERVE = "with_reserve"
    MOBILISING = "mobilising"
    ACCOMPANIED = "accompanied"
    COMPLETED = "completed"


SHARES: Final = {
    Stage.RECEIVED: 2,
    Stage.ASKED: 1,
    Stage.ADMISSIBLE: 2,
    Stage.SCHEDULED: 2,
    Stage.DEFERRED: 1,
    Stage.SENT_BACK: 1,
    Stage.REFUSED: 1,
    Stage.GRANTED: 1,
    Stage.WITH_RESERVE: 1,
    Stage.MOBILISING: 2,
    Stage.ACCOMPANIED: 4,
    Stage.COMPLETED: 2,
}
"""Of every twenty projects, how many have come so far."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What such a project is about; amounts in thousands of euros."""

    title: str
    description: str
    fields: tuple[Field, ...]
    support_types: tuple[SupportType, ...]
    budget: tuple[int, int]
    kind: RequestKind = RequestKind.TAILORED_SUPPORT
    programme: Programme | None = None


SUBJECTS: Final = (
    Subject(
        "Redonner vie aux commerces du centre-bourg",
        "Plusieurs locaux de la rue principale sont vides depuis plus de deux ans. Nous cherchons une aide pour "
        "définir le projet, chiffrer les travaux et trouver des porteurs.",
        (F.REVITALISATION_COMMERCIALE, F.HABITAT),
        (S.INGENIERIE_PROJET, S.AMO_PUBLIQUE),
        (150, 900),
    ),
    Subject(
        "Une maison de santé dans l’ancienne école",
        "Le dernier médecin part dans un an. L’ancienne école est libre ; nous voudrions y accueillir des soignants.",
        (F.SERVICES_PUBLICS_SANTE,),
        (S.MOA_IMMOBILIERE, S.AMO_PUBLIQUE),
        (400, 2_000),
    ),
    Subject(
        "Transformer une friche industrielle en quartier",
        "Quatre hectares de l’ancienne filature sont à l’abandon au bord de la rivière. Il faut dépolluer, programmer "
        "et trouver un aménageur.",
        (F.RENOUVELLEMENT_URBAIN, F.HABITAT),
        (S.AMO_PUBLIQUE, S.MOA_IMMOBILIERE),
        (800, 6_000),
    ),
    Subject(
        "Rénover l’école et la salle des fêtes",
        "Deux bâtiments communaux consomment la moitié de notre énergie. Nous n’avons personne pour suivre l’audit, le "
        "plan de financement et les marchés.",
        (F.TRANSITION_ECOLOGIQUE,),
        (S.INGENIERIE_PROJET,),
        (200, 1_500),
    ),
    Subject(
        "Un transport à la demande vers la gare",
        "Beaucoup d’habitants n’ont pas de voiture, et la gare est à douze kilomètres. Nous voulons étudier un service "
        "avec les communes voisines.",
        (F.MOBILITE,),
        (S.INGENIERIE_PROJET, S.CAPITALISATION),
        (60, 350),
    ),
    Subject(
        "Des logements pour les jeunes et les saisonniers",
        "Les employeurs ne trouvent plus à loger leurs salariés. Trois immeubles du bourg pourraient être réhabilités.",
        (F.HABITAT, F.TOURISME_DEVELOPPEMENT_ECONOMIQUE),
        (S.MOA_IMMOBILIERE, S.INGENIERIE_PROJET),
        (500, 3_000),
    ),
    Subject(
        "Un lieu pour les démarches en ligne et le télétravail",
        "L’ancienne perception peut accueillir un conseiller numérique et des bureaux partagés. Il nous manque un "
        "modèle économique et un programme de travaux.",
        (F.NUMERIQUE, F.SERVICES_PUBLICS_SANTE),
        (S.INGENIERIE_PROJET,),
        (80, 500),
    ),
    Subject(
        "Adapter le front de mer à la montée des eaux",
        "La digue protège cent vingt logements et la station d’épuration. Nous devons choisir entre relocaliser et "
        "renforcer, et savoir ce que cela coûte.",
        (F.TRANSITION_ECOLOGIQUE, F.RENOUVELLEMENT_URBAIN),
        (S.AMO_PUBLIQUE,),
        (1_000, 8_000),
    ),
    Subject(
        "Préparer un dossier de fonds européens",
        "Notre projet de voie verte est éligible, mais personne chez nous n’a déjà monté un dossier européen.",
        (F.FONDS_EUROPEENS, F.MOBILITE),
        (S.INGENIERIE_PROJET, S.CAPITALISATION),
        (100, 1_200),
    ),
    Subject(
        "Faire du patrimoine un moteur pour le bourg",
        "L’abbaye attire quarante mille visiteurs qui ne s’arrêtent pas dans le bourg. Nous cherchons comment les "
        "accueillir et faire vivre les commerces.",
        (F.TOURISME_DEVELOPPEMENT_ECONOMIQUE, F.REVITALISATION_COMMERCIALE),
        (S.INGENIERIE_PROJET,),
        (120, 800),
    ),
    Subject(
        "Un projet de territoire à dix ans",
        "Élaborer avec les communes, les habitants et les entreprises un projet partagé, à partir d’un "
        "vrai diagnostic.",
        (F.DYNAMIQUES_TERRITORIALES, F.CONCERTATION, F.ORIENTATIONS_PLAN_ACTION),
        (S.ANALYSE_TERRITORIALE, S.OUTILS_ANALYSE),
        (50, 200),
        RequestKind.TERRITORIAL_PROJECT,
    ),
    Subject(
        "Comprendre pourquoi la population diminue",
        "Nous perdons un pour cent de nos habitants chaque année. Nous voudrions savoir ce qui retient et ce qui fait "
        "partir, avant de choisir nos priorités.",
        (F.DYNAMIQUES_TERRITORIALES, F.ATOUTS_FAIBLESSES),
        (S.ANALYSE_TERRITORIALE,),
        (30, 120),
        RequestKind.TERRITORIAL_PROJECT,
    ),
    Subject(
        "Revitaliser le centre ancien",
        "Le centre ancien se vide au profit de la périphérie. Nous voulons savoir comment le programme peut nous "
        "aider.",
        (),
        (),
        (300, 2_500),
        RequestKind.PROGRAMME,
        Programme.PETITES_VILLES_DE_DEMAIN,
    ),
    Subject(
        "Ouvrir un espace France Services",
        "Les habitants font quarante minutes de route pour leurs démarches. Nous avons un local et cherchons un appui "
        "pour monter le projet avec les opérateurs.",
        (),
        (),
        (60, 300),
        RequestKind.PROGRAMME,
        Programme.FRANCE_SERVICES,
    ),
)
CONTACTS: Final = (
    ("Secrétariat de mairie", "Secrétaire de mairie"),
    ("Direction générale des services", "Direction générale"),
    ("Service urbanisme", "Chargée de projet"),
    ("Cabinet du maire", "Adjoint au maire"),
)


@dataclass(frozen=True, slots=True)
class Project:
    """One project: who asks for what, how far it comes, and what the teams make of it; `amount_cents` is granted."""

    place: int
    departement: Departement
    body: dict[str, Any]
    stage: Stage
    grid: dict[str, Any]
    amount_cents: int
    chance: random.Random
    """For what is drawn on the way; of this project alone, so that one more project changes none of the others."""


def draw(number: int, seed: int, territories: Territories) -> Iterator[Project]:
    """Draw so many projects: first one of each département, in an order of the seed, then again."""
    chance = random.Random(seed)  # noqa: S311 - what is drawn must come again, and protects nothing
    departements = [one for one in territories.departements() if one.region]
    chance.shuffle(departements)
    stages = [stage for stage, share in SHARES.items() for _ in range(share)]
    chance.shuffle(stages)
    for place in range(number):
        own = random.Random(f"{seed}-{place}")  # noqa: S311 - as above
        departement = departements[place % len(departements)]
        yield _project(place, departement, stages[place % len(stages)], own, territories)


def _project(place: int, departement: Departement, stage: Stage, chance: random.Random, among: Territories) -> Project:
    applicant = _applicant(departement, chance, among)
    subject = chance.choice(SUBJECTS)
    name, role = chance.choice(CONTACTS)
    body: dict[str, Any] = {
        "applicant": {"kind": applicant.kind, "code": applicant.code},
        "contact": {"name": name, "role": role, "email": f"demandeur-{applicant.code.lower()}@cousu.test"},
        "kind": subject.kind,
        "title": subject.title,
        "description": subject.description,
        "support_types": list(subject.support_types),
        "fields": list(subject.fields),
        "budget_cents": chance.randint(*subject.budget) * 1_000_00,
    }
    if subject.programme:
        body["programme"] = subject.programme
    return Project(
        place=place,
        departement=departement,
        body=body,
        stage=stage,
        grid=_grid(chance),
        amount_cents=chance.randrange(8, 45) * 1_000_00,
        chance=chance,
    )


def _applicant(departement: Departement, chance: random.Random, among: Territories) -> Territory:
    """Draw a small commune, or now and then an EPCI; the largest commune where all are too large or too small."""
    communes = among.within(departement.code, ApplicantKind.COMMUNE)
    small = [one for one in communes if SMALLEST <= (one.population or 0) <= LARGEST]
    epci = among.within(departement.code, ApplicantKind.EPCI)
    if epci and chance.randrange(EPCI_ONE_IN) == 0:
        return chance.choice(epci)
    return chance.choice(small) if small else max(communes, key=lambda one: one.population or 0)


def _grid(chance: random.Random) -> dict[str, Any]:
    return {
        "need": chance.randint(3, 5),
        "capacity": chance.randint(1, 3),
        "complexity": chance.randint(3, 5),
        "urgency": chance.randint(2, 5),
        "maturity": chance.randint(2, 4),
        "local_offer": "insufficient",
        "opinion": chance.choice(
            (
                "Besoin avéré, sans ingénierie dans la collectivité.",
                "Projet structurant pour le bassin de vie ; la collectivité n’a pas de technicien.",
                "Le besoin est réel, et le calendrier des financements est serré.",
            )
        ),
    }
