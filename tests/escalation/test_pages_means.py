"""The pages about means, without JavaScript: directory, contracts, orders, deliveries, payments, who pays what."""

import re
from html import unescape

import pytest

from shared import clock
from tests.escalation.desk import Person
from tests.escalation.life import Program, a_decided_dossier, a_lot
from tests.today import today

pytestmark = pytest.mark.usefixtures("envelope")


async def test_the_directory_and_a_contract_are_kept_on_their_pages(at_desk: Person) -> None:
    wrong = await at_desk.send("/moyens", "/moyens/operateurs", name="IGN", kind="state_operator")
    assert wrong.status_code == 400
    assert 'value="IGN"' in wrong.text
    await at_desk.send("/moyens", "/moyens/operateurs", name="IGN", kind="state_operator", offer="Expertise.")
    twice = await at_desk.send("/moyens", "/moyens/operateurs", name="IGN", kind="state_operator", offer="Autre.")
    assert twice.status_code == 409
    assert "déjà dans l’annuaire" in unescape(twice.text)
    sheet = re.search(r'href="(/moyens/operateurs/[0-9a-f-]{36})">IGN', await at_desk.see("/moyens"))
    assert sheet
    await at_desk.send(sheet[1], sheet[1], name="IGN", kind="state_operator", offer="Expertise.", active="false")
    assert "Écarté" in await at_desk.see("/moyens")
    made = await at_desk.send(
        "/moyens", "/moyens/marches", reference="AC-2026-02", subject="Ingénierie", starts_on="2026-01-01",
        ends_on="2029-12-31",
    )  # fmt: skip
    contract = made.headers["location"]
    lot = await at_desk.send(
        contract, f"{contract}/lots", number="3", title="Revitalisation", holder="Atelier", ceiling_cents="100 000"
    )
    page = lot.headers["location"]
    price = {"prices.0.label": "Chef de projet", "prices.0.unit": "jour", "prices.0.price_cents": "800,50"}
    await at_desk.send(page, f"{page}/prix", **price)
    shown = await at_desk.see(page)
    assert "800,50\u00a0€" in shown
    assert "Aucune commande" in shown
    retired = re.search(rf'action="({page}/prix/[0-9a-f-]{{36}}/retrait)"', shown)
    assert retired
    await at_desk.send(page, retired[1])
    assert "Retiré" in await at_desk.see(page)
    await at_desk.send(page, f"{page}/plafond", ceiling_cents="120 000")
    assert "120\u00a0000\u00a0€" in await at_desk.see(contract)


async def test_an_order_is_placed_delivered_and_paid_from_its_page(
    at_desk: Person, at_committee: Person, national: Program, secretary: Program, received: str
) -> None:
    lot = await a_lot(national)
    await a_decided_dossier(national, secretary, received)
    form = f"/demandes/{received}/commande"
    assert "Choisissez un lot" in await at_desk.see(form)
    with_lot = f"{form}?lot={lot['id']}"
    days = "lines.0.quantity"
    nothing = await at_desk.send(with_lot, form)
    assert nothing.status_code == 400
    assert "Indiquez au moins une quantité" in unescape(nothing.text)
    assert (await at_desk.send(with_lot, form, **{days: "1e2"})).status_code == 400
    much = await at_desk.send(with_lot, form, **{days: "2 000"})
    assert much.status_code == 409
    assert 'value="2 000"' in much.text
    placed = await at_desk.send(with_lot, form, **{days: "12,5"})
    page = placed.headers["location"]
    shown = await at_desk.see(page)
    assert f"BC-{clock.now().year}-0001" in shown
    assert "12,5" in shown
    assert "10\u00a0000\u00a0€" in shown
    for step in ("acceptance", "start"):
        await at_desk.send(page, f"{page}/{step}")
    await at_desk.send(page, f"{page}/livraison", amount_cents="4 000", dated=today(), reference="PV 1")
    ahead = await at_desk.send(page, f"{page}/paiement", amount_cents="4 000,01")
    assert ahead.status_code == 409
    assert "Seul ce qui est livré se paie" in unescape(ahead.text)
    await at_desk.send(page, f"{page}/paiement", amount_cents="4 000", reference="F-118")
    await at_desk.send(page, f"{page}/solde", delivered_cents="9 000")
    shown = await at_desk.see(page)
    for said in ("PV 1", "F-118", "Livrée", "9\u00a0000\u00a0€"):
        assert said in shown, said
    envelope = re.search(r'href="(/enveloppes/[0-9a-f-]{36})"', await at_committee.see("/enveloppes"))
    assert envelope
    assert "Atelier des Bourgs" in await at_committee.see(envelope[1])
    assert "Atelier des Bourgs" in await at_committee.see(f"/moyens/lots/{lot['id']}")
    assert "Noter un paiement" not in await at_committee.see(page), "who may do nothing sees no form"


async def test_who_pays_what_is_settled_on_its_page(
    at_desk: Person, national: Program, secretary: Program, received: str
) -> None:
    await a_decided_dossier(national, secretary, received)
    page = f"/demandes/{received}/financement"
    shares = {
        "shares.0.kind": "anct", "shares.0.financer": "ANCT", "shares.0.amount_cents": "20 000",
        "shares.1.kind": "applicant", "shares.1.financer": "", "shares.1.amount_cents": "10 000",
        "shares.2.kind": "anct", "shares.2.amount_cents": "",
    }  # fmt: skip
    wrong = await at_desk.send(page, page, total_cents="31 000", **shares)
    assert wrong.status_code == 400
    assert "il manque 1\u00a0000\u00a0€" in unescape(wrong.text)
    assert 'value="20 000"' in wrong.text
    settled = await at_desk.send(page, page, total_cents="30 000", **shares)
    assert settled.headers["location"] == f"/demandes/{received}#financement"
    shown = await at_desk.see(f"/demandes/{received}")
    assert "67\u00a0%" in shown
    assert "Collectivité bénéficiaire" in shown
    assert 'value="10000"' in await at_desk.see(page)
