"""Place and deliver the orders of the demonstration's national team, mostly on lots of framework contracts."""

from collections.abc import Sequence
from typing import Final

from deploy.local.demo.clients import ApiClient, Json
from deploy.local.demo.projects import Project

BESIDE_ONE_IN: Final = 4
"""Of so many orders, one is placed beside the contracts of the directory."""


def place(national: ApiClient, dossier: str, project: Project) -> None:
    """Order what was granted, on a lot in force that holds as much, or else beside the contracts."""
    lots = _lots(national, project.amount_cents) if project.place % BESIDE_ONE_IN else []
    if lots:
        lot = project.chance.choice(lots)
        ordered: Json = {"lot_id": lot["id"], "lines": _lines(lot, project.amount_cents)}
    else:
        ordered = {
            "resource": "Marché d’ingénierie de l’ANCT",
            "amount_cents": project.amount_cents,
            "lot": f"Lot {project.chance.randint(1, 5)}",
        }
    national.post(f"{dossier}/mobilisations", {"kind": "external", **ordered})


def deliver(national: ApiClient, dossier: str, mobilisations: Sequence[Json]) -> None:
    """Note that all that was ordered is delivered, and paid."""
    for mobilisation in mobilisations:
        order = f"{dossier}/mobilisations/{mobilisation['id']}"
        if "delivery" in mobilisation["allowed_actions"]:
            national.post(f"{order}/delivery")
            national.post(f"{order}/payment", {"amount_cents": mobilisation["amount_cents"]})


def _lots(national: ApiClient, amount_cents: int) -> list[Json]:
    """Return the lots with prices on which so much may still be ordered."""
    contracts = [one for one in national.get("/contracts?per_page=200")["items"] if one["in_force"]]
    lots: list[Json] = [lot for one in contracts for lot in national.get(f"/contracts/{one['id']}")["lots"]]
    return [lot for lot in lots if _prices(lot) and lot["available_cents"] >= amount_cents]


def _prices(lot: Json) -> list[Json]:
    """Return what may be ordered, the cheapest first."""
    return sorted((price for price in lot["prices"] if price["active"]), key=lambda price: int(price["price_cents"]))


def _lines(lot: Json, most_cents: int) -> list[Json]:
    """Order for so much at most: one of each, then whole units of the cheapest."""
    cheapest, *others = _prices(lot)
    wanted, left = [], most_cents
    for price in others:
        if price["price_cents"] <= left:
            wanted.append((price, 1))
            left -= price["price_cents"]
    wanted.append((cheapest, left // cheapest["price_cents"]))
    return [{"price_id": price["id"], "quantity": quantity} for price, quantity in wanted if quantity]
