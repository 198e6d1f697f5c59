"""Demonstration data of the national team: an envelope, operators of the State and a framework contract."""

from datetime import date, datetime
from typing import Final

from services.escalation.domain.directory import Contract, NewLot, Operator, Price
from services.escalation.domain.means import Envelope
from services.escalation.store import directory
from services.escalation.store import means as store
from services.escalation.usecases.recording import day
from shared.clock import new_id
from shared.contracts.vocabulary import Field
from shared.db import Transaction

AMOUNT_CENTS = 2_000_000_00

OPERATORS: Final = (
    ("ADEME", "Transition écologique, énergie, mobilités : études, conseil et aides.", (Field.TRANSITION_ECOLOGIQUE,)),
    ("Anah", "Habitat privé : opérations programmées, conseil sur l’amélioration des logements.", (Field.HABITAT,)),
    ("ANRU", "Renouvellement urbain : appui aux projets des quartiers.", (Field.RENOUVELLEMENT_URBAIN,)),
    (
        "Banque des Territoires",
        "Ingénierie de projet, montage financier, prêts et investissements.",
        (Field.REVITALISATION_COMMERCIALE, Field.TOURISME_DEVELOPPEMENT_ECONOMIQUE, Field.NUMERIQUE),
    ),
    ("Cerema", "Expertise technique : mobilités, aménagement, bâtiments, risques.", (Field.MOBILITE,)),
)
REFERENCE: Final = "DEMO-AC-01"
LOTS: Final = (
    ("Stratégie et projets de territoire", 600_000_00),
    ("Revitalisation des centres", 500_000_00),
    ("Services, santé, numérique", 400_000_00),
)
PRICES: Final = (
    ("Directeur de projet", "jour", 950_00),
    ("Chef de projet", "jour", 720_00),
    ("Réunion publique", "forfait", 1_500_00),
)


async def load(tx: Transaction, at: datetime) -> None:
    """Open this year's general envelope, and enter operators and a contract, unless they are there."""
    await store.ensure_envelope(tx, Envelope(new_id(), day(at).year, None, AMOUNT_CENTS), at=at)
    if not await directory.any_contract(tx):
        await _fill_directory(tx, at)


async def _fill_directory(tx: Transaction, at: datetime) -> None:
    for name, offer, fields in OPERATORS:
        operator = Operator(name=name, kind="state_operator", offer=offer, fields=fields)
        await directory.add_operator(tx, new_id(), operator, at=at)
    year, contract_id = day(at).year, new_id()
    contract = Contract(
        reference=REFERENCE,
        subject="Ingénierie de projet pour les collectivités",
        starts_on=date(year, 1, 1),
        ends_on=date(year + 3, 12, 31),
    )
    await directory.add_contract(tx, contract_id, contract, at=at)
    for number, (title, ceiling) in enumerate(LOTS, start=1):
        lot_id, holder = new_id(), f"Titulaire de démonstration du lot {number}"
        lot = NewLot(number=number, title=title, holder=holder, ceiling_cents=ceiling)
        await directory.add_lot(tx, lot_id, contract_id, lot, at=at)
        for label, unit, price in PRICES:
            await directory.add_price(tx, new_id(), lot_id, Price(label=label, unit=unit, price_cents=price), at=at)
