"""Means by program: the directory, framework contracts, orders with deliveries and payments, who pays what."""

from datetime import timedelta
from typing import Any

import pytest

from shared import clock
from shared.db import Database
from tests.escalation.life import WITHOUT_LIMIT, Ear, Json, Program, a_decided_dossier, a_lot, a_request_escalated
from tests.escalation.test_api import told
from tests.today import today

pytestmark = pytest.mark.usefixtures("envelope")
IGN: Json = {"name": "IGN", "kind": "state_operator", "offer": "Cartes", "fields": ["fonds_europeens"]}


async def a_granted_dossier(national: Program, secretary: Program, received: str, **more: Any) -> str:
    """The committee granted it; gives where it is."""
    await a_decided_dossier(national, secretary, received, **more)
    return f"/escalations/{received}"


async def an_order(national: Program, dossier: str, amount_cents: int = 500_000) -> str:
    """Something is ordered and under way; gives where it is."""
    ordered = await national.post(
        f"{dossier}/mobilisations",
        {"kind": "external", "resource": "Atelier", "amount_cents": amount_cents},
        status=201,
    )
    order = f"{dossier}/mobilisations/{ordered['created']}"
    await national.post(f"{order}/acceptance")
    await national.post(f"{order}/start")
    return order


async def available(national: Program) -> int:
    """What is left of the year's envelope."""
    left: int = (await national.get("/envelopes"))["items"][0]["available_cents"]
    return left


async def test_the_directory_names_operators_that_are_mobilised_by_it(
    national: Program, secretary: Program, received: str
) -> None:
    operator = await national.post("/operators", IGN, status=201)
    assert (await national.refused("/operators", IGN, 409))["code"] == "operator_exists"
    assert (await national.get("/operators?field=fonds_europeens"))["total"] == 1
    assert (await national.get("/operators?field=autre"))["total"] == 0
    dossier = await a_granted_dossier(national, secretary, received)
    body = {"kind": "internal", "operator_id": operator["id"]}
    mobilised = await national.post(f"{dossier}/mobilisations", body, status=201)
    assert mobilised["mobilisations"][0]["resource"] == "IGN"
    aside = await national.post(f"/operators/{operator['id']}", {**IGN, "active": False})
    assert (aside["active"], aside["mobilised"]) == (False, 1)
    problem = await national.refused(f"{dossier}/mobilisations", body, 400)
    assert problem["errors"][0]["field"] == "operator_id"


async def test_an_order_is_priced_by_the_lots_schedule_and_numbered(
    database: Database, national: Program, secretary: Program, received: str
) -> None:
    lot = await a_lot(national)
    days, meeting = lot["prices"]
    dossier = await a_granted_dossier(national, secretary, received)
    before = await available(national)
    lines = [{"price_id": days["id"], "quantity": 2.5}, {"price_id": meeting["id"], "quantity": 1}]
    placed = await national.post(
        f"{dossier}/mobilisations", {"kind": "external", "lot_id": lot["id"], "lines": lines}, status=201
    )
    order = placed["mobilisations"][0]
    assert order["amount_cents"] == 2.5 * 80_000 + 150_050
    assert (order["resource"], order["lot"]) == ("Atelier des Bourgs", "AC-2026-02, lot 3 – Revitalisation")
    assert order["purchase_order"] == f"BC-{clock.now().year}-0001"
    assert [line["total_cents"] for line in order["lines"]] == [200_000, 150_050]
    assert await available(national) == before - order["amount_cents"]
    seen = await national.get(f"/contracts/{lot['contract_id']}")
    assert seen["lots"][0]["available_cents"] == 10_000_000 - order["amount_cents"]
    assert (await told(database, received))[-1] == "escalation.resource_mobilised.v1"
    await national.post(f"{dossier}/mobilisations/{order['id']}/decline")
    assert await available(national) == before
    assert (await national.get(f"/contracts/{lot['contract_id']}"))["lots"][0]["committed_cents"] == 0


async def test_what_was_ordered_keeps_the_price_of_its_day(
    national: Program, secretary: Program, received: str
) -> None:
    lot = await a_lot(national)
    price = lot["prices"][0]
    dossier = await a_granted_dossier(national, secretary, received)
    order = {
        "kind": "external",
        "lot_id": lot["id"],
        "lines": [{"price_id": price["id"], "quantity": 1}],
    }
    await national.post(f"{dossier}/mobilisations", order, status=201)
    await national.post(f"/lots/{lot['id']}/prices/{price['id']}/withdrawal")
    problem = await national.refused(f"{dossier}/mobilisations", order, 400)
    assert problem["errors"][0]["field"] == "lines"
    assert (await national.get(dossier))["mobilisations"][0]["lines"][0]["price_cents"] == 80_000


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "external"}, "resource"),
        ({"kind": "internal", "lot_id": "01990000-0000-7000-8000-000000000001"}, "lot_id"),
        ({"kind": "external", "operator_id": "01990000-0000-7000-8000-000000000001"}, "operator_id"),
        ({"kind": "external", "lot_id": "01990000-0000-7000-8000-000000000001", "amount_cents": 100}, "lot_id"),
        ({"kind": "internal", "operator_id": "01990000-0000-7000-8000-000000000001"}, "operator_id"),
    ],
)
async def test_means_that_do_not_go_together_are_refused(
    national: Program, secretary: Program, received: str, body: Json, field: str
) -> None:
    dossier = await a_granted_dossier(national, secretary, received)
    problem = await national.refused(f"{dossier}/mobilisations", body, 400)
    assert problem["errors"][0]["field"] == field


async def test_a_ceiling_and_the_dates_of_a_contract_hold(national: Program, secretary: Program, received: str) -> None:
    lot = await a_lot(national, ceiling_cents=100_000)
    dossier = await a_granted_dossier(national, secretary, received)
    before = await available(national)
    order = {"kind": "external", "lot_id": lot["id"], "amount_cents": 100_001}
    problem = await national.refused(f"{dossier}/mobilisations", order, 409)
    assert (problem["code"], problem["available_cents"]) == ("lot_exceeded", 100_000)
    assert await available(national) == before, "nothing is committed on the envelope either"
    await national.post(f"{dossier}/mobilisations", {**order, "amount_cents": 90_000}, status=201)
    problem = await national.refused(f"/lots/{lot['id']}/ceiling", {"ceiling_cents": 80_000}, 409)
    assert problem["code"] == "lot_committed"
    await national.post(f"/lots/{lot['id']}/ceiling", {"ceiling_cents": 300_000})
    yesterday = str(clock.now().date() - timedelta(days=1))
    ended = await a_lot(national, reference="AC-2020-01", starts_on="2020-01-01", ends_on=yesterday)
    problem = await national.refused(f"{dossier}/mobilisations", {**order, "lot_id": ended["id"]}, 409)
    assert problem["code"] == "contract_not_in_force"


async def test_an_envelope_that_is_too_small_leaves_the_lot_as_it_was(
    national: Program, secretary: Program, received: str
) -> None:
    lot = await a_lot(national, ceiling_cents=900_000_000_00)
    dossier = await a_granted_dossier(national, secretary, received, **WITHOUT_LIMIT)
    order = {"kind": "external", "lot_id": lot["id"], "amount_cents": 800_000_000_00}
    assert (await national.refused(f"{dossier}/mobilisations", order, 409))["code"] == "envelope_exceeded"
    assert (await national.get(f"/contracts/{lot['contract_id']}"))["lots"][0]["committed_cents"] == 0


async def test_what_was_granted_bounds_what_is_mobilised_until_it_is_corrected(
    national: Program, secretary: Program, received: str
) -> None:
    lot = await a_lot(national)
    dossier = await a_granted_dossier(national, secretary, received, amount_cents=500_000)
    before = await available(national)
    mobilisations = f"{dossier}/mobilisations"
    order = {"kind": "external", "resource": "Atelier", "amount_cents": 500_001}
    problem = await national.refused(mobilisations, order, 409)
    assert (problem["code"], problem["granted_cents"], problem["total_cents"]) == ("beyond_grant", 500_000, 500_001)
    on_a_lot = {"kind": "external", "lot_id": lot["id"], "amount_cents": 500_001}
    assert (await national.refused(mobilisations, on_a_lot, 409))["code"] == "beyond_grant"
    assert await available(national) == before
    first = (await national.post(mobilisations, {**order, "amount_cents": 400_000}, status=201))["created"]
    assert (await national.refused(mobilisations, {**order, "amount_cents": 100_001}, 409))["total_cents"] == 500_001
    await national.post(mobilisations, {"kind": "internal", "resource": "Cerema"}, status=201)
    seen = await national.get(dossier)
    assert seen["grant"] == {
        "number": seen["decisions"][0]["number"],
        "granted_cents": 500_000,
        "mobilised_cents": 400_000,
        "left_cents": 100_000,
        "reserve": None,
        "reserve_blocks": None,
    }
    correction = f"/decisions/{seen['decisions'][0]['id']}/correction"
    less = {"outcome": "granted", "motive": "Moins.", "amount_cents": 399_999}
    problem = await secretary.refused(correction, less, 400)
    assert problem["errors"][0]["field"] == "amount_cents"
    more = {"outcome": "granted", "motive": "Le périmètre est étendu.", "amount_cents": 900_000}
    await secretary.post(correction, more, status=201)
    await national.post(mobilisations, {**order, "amount_cents": 500_000}, status=201)
    await national.post(f"{mobilisations}/{first}/decline")
    assert (await national.get(dossier))["grant"]["left_cents"] == 400_000


@pytest.mark.parametrize(
    ("blocks", "waiting"),
    [
        (None, {"mobilisations", "accompaniment", "payment"}),
        ("mobilisation", {"mobilisations", "accompaniment", "payment"}),
        ("accompaniment", {"accompaniment", "payment"}),
        ("payment", {"payment"}),
    ],
)
async def test_a_reserve_holds_back_what_it_says_until_it_is_lifted(
    national: Program, secretary: Program, received: str, blocks: str | None, waiting: set[str]
) -> None:
    await a_decided_dossier(national, secretary, received, "granted", amount_cents=500_000)
    dossier = f"/escalations/{received}"
    order = await an_order(national, dossier, 100_000)
    await national.post(f"{order}/part-delivery", {"amount_cents": 50_000}, status=201)
    [decision] = (await national.get(dossier))["decisions"]
    reserved = {"outcome": "granted_with_reserve", "motive": "Vu.", "reserve": "Délibération.", "amount_cents": 500_000}
    said = {"reserve_blocks": blocks} if blocks else {}
    made = await secretary.post(f"/decisions/{decision['id']}/correction", {**reserved, **said}, status=201)
    assert made["reserve_blocks"] == (blocks or "mobilisation")
    acts: dict[str, tuple[str, Json, int]] = {
        "mobilisations": (f"{dossier}/mobilisations", {"kind": "internal", "resource": "Cerema"}, 201),
        "payment": (f"{order}/payment", {"amount_cents": 1_000}, 201),
        "accompaniment": (f"{dossier}/accompaniment", {"starts_on": today(), "ends_on": today(90)}, 200),
    }
    seen = await national.get(dossier)
    offered = {*seen["allowed_actions"], *seen["mobilisations"][0]["allowed_actions"]}
    assert not offered & waiting
    assert {*acts} - waiting <= offered
    listed = (await national.get("/escalations"))["items"][0]
    assert listed["allowed_actions"] == seen["allowed_actions"]
    for name in waiting:
        path, body, _ = acts[name]
        problem = await national.refused(path, body, 409)
        assert problem["code"] == "reserve_standing", name
        assert "Délibération." in problem["detail"]
        assert name not in problem["allowed_actions"]
    early = {"motive": "Reçue.", "lifted_on": today(-1)}
    problem = await national.refused(f"/decisions/{made['id']}/reserve-lifting", early, 400)
    assert problem["errors"][0]["field"] == "lifted_on"
    await national.post(f"/decisions/{made['id']}/reserve-lifting", {"motive": "Reçue."})
    for path, body, status in acts.values():
        await national.post(path, body, status=status)


async def test_an_order_is_delivered_in_parts_and_paid_never_ahead(
    database: Database, national: Program, secretary: Program, received: str
) -> None:
    dossier = await a_granted_dossier(national, secretary, received)
    before = await available(national)
    order = await an_order(national, dossier, 500_000)
    early = await national.refused(f"{order}/payment", {"amount_cents": 1}, 409)
    assert (early["code"], early["payable_cents"]) == ("payment_exceeded", 0)
    await national.post(f"{order}/part-delivery", {"amount_cents": 200_000, "reference": "PV 1"}, status=201)
    paid = await national.post(f"{order}/payment", {"amount_cents": 150_000, "reference": "F-118"}, status=201)
    assert [entry["kind"] for entry in paid["mobilisations"][0]["entries"]] == ["delivery", "payment"]
    too_much = await national.refused(f"{order}/part-delivery", {"amount_cents": 300_001}, 409)
    assert (too_much["code"], too_much["remaining_cents"]) == ("delivery_exceeded", 300_000)
    assert (await national.refused(f"{order}/delivery", {"delivered_cents": 100}, 409))["code"] == "delivery_exceeded"
    settled = (await national.post(f"{order}/delivery", {"delivered_cents": 450_000}))["mobilisations"][0]
    assert (settled["state"], settled["delivered_cents"], settled["paid_cents"]) == ("delivered", 450_000, 150_000)
    assert await available(national) == before - 450_000, "what did not come is given back"
    envelope = (await national.get("/envelopes"))["items"][0]
    assert (envelope["delivered_cents"], envelope["paid_cents"], envelope["orders"]) == (450_000, 150_000, 1)
    listed = await national.get(f"/envelopes/{envelope['id']}/orders")
    assert listed["items"][0]["committed_cents"] == 450_000
    assert (await told(database, received))[-5:] == [
        "escalation.resource_progressed.v1",
        "escalation.order_booked.v1",
        "escalation.order_booked.v1",
        "escalation.order_booked.v1",
        "escalation.resource_progressed.v1",
    ]


async def test_an_order_is_still_paid_when_the_accompaniment_is_over(
    national: Program, secretary: Program, received: str
) -> None:
    dossier = await a_granted_dossier(national, secretary, received)
    order = await an_order(national, dossier)
    await national.post(f"{dossier}/accompaniment", {"starts_on": today(-28), "ends_on": today(200)})
    await national.post(f"{dossier}/completion", {"report": "Fini.", "carry_reason": "La livraison suit."})
    await national.post(f"{order}/delivery")
    paid = await national.post(f"{order}/payment", {"amount_cents": 500_000}, status=201)
    assert paid["mobilisations"][0]["paid_cents"] == 500_000
    assert paid["state"] == "completed"


async def test_the_end_of_the_work_names_what_is_open_and_leaves_nothing_stuck(
    national: Program, secretary: Program, received: str
) -> None:
    dossier = await a_granted_dossier(national, secretary, received)
    before = await available(national)
    proposed = await national.post(
        f"{dossier}/mobilisations", {"kind": "external", "resource": "Bureau", "amount_cents": 100_000}, status=201
    )
    order = await an_order(national, dossier, 500_000)
    await national.post(f"{order}/part-delivery", {"amount_cents": 200_000}, status=201)
    await national.post(f"{dossier}/accompaniment", {"starts_on": today(5), "ends_on": today(90)})
    milestone = (
        await national.post(f"{dossier}/milestones", {"title": "Diagnostic", "due_on": today(30)}, status=201)
    )["created"]
    blocked = await national.refused(f"{dossier}/completion", {"report": "Fini."}, 409)
    assert blocked["code"] == "completion_blocked"
    assert [(one["kind"], one["id"]) for one in blocked["open"]] == [
        ("order", proposed["created"]),
        ("order", order.rpartition("/")[2]),
        ("payment", order.rpartition("/")[2]),
        ("milestone", milestone),
        ("start", received),
    ]
    assert "jalon «\u00a0Diagnostic\u00a0»" in blocked["detail"]
    moved = {"starts_on": today(), "ends_on": today(20), "motive": "Plus tôt."}
    assert (await national.refused(f"{dossier}/dates", moved, 400))["errors"][0]["field"] == "ends_on"
    await national.post(f"{dossier}/dates", {**moved, "ends_on": today(60)})
    done = await national.post(f"{dossier}/completion", {"report": "Fini.", "carry_reason": "L’étude se poursuit."})
    assert done["carry_reason"] == "L’étude se poursuit."
    assert [one["kind"] for one in done["carried"]] == ["order", "order", "payment", "milestone"]
    assert [one["allowed_actions"] for one in done["mobilisations"]] == [
        ["acceptance", "decline", "cancellation"],
        ["delivery", "part-delivery", "payment"],
    ]
    assert done["milestones"][0]["allowed_actions"] == ["reached", "cancellation"]
    await national.post(f"{dossier}/milestones/{milestone}/cancellation", {"motive": "Sans objet."})
    late = await national.refused(f"{dossier}/milestones/{milestone}/reached", {}, 409)
    assert late["code"] == "milestone_cancelled"
    await national.post(f"{dossier}/mobilisations/{proposed['created']}/decline")
    await national.post(f"{order}/delivery", {"delivered_cents": 300_000})
    closed = await national.post(f"{order}/payment", {"amount_cents": 300_000}, status=201)
    assert closed["open_points"] == []
    assert closed["state"] == "completed"
    assert await available(national) == before - 300_000


async def test_an_order_is_cancelled_with_a_reason_while_nothing_is_delivered(
    national: Program, secretary: Program, received: str
) -> None:
    dossier = await a_granted_dossier(national, secretary, received)
    before = await available(national)
    order = await an_order(national, dossier, 500_000)
    cancelled = await national.post(f"{order}/cancellation", {"motive": "Le prestataire renonce."})
    assert cancelled["mobilisations"][0]["state"] == "declined"
    assert cancelled["mobilisations"][0]["cancelled_for"] == "Le prestataire renonce."
    assert cancelled["mobilisations"][0]["allowed_actions"] == []
    assert await available(national) == before
    other = await an_order(national, dossier, 500_000)
    await national.post(f"{other}/part-delivery", {"amount_cents": 1}, status=201)
    await national.refused(f"{other}/cancellation", {"motive": "Trop tard."}, 409)


async def test_deliveries_and_payments_follow_the_order_in_date(
    database: Database, national: Program, secretary: Program, received: str
) -> None:
    dossier = await a_granted_dossier(national, secretary, received)
    order = await an_order(national, dossier, 500_000)
    async with database.transaction() as tx:
        await tx.execute("UPDATE mobilisation SET proposed_at = proposed_at - interval '20 days'")
    for action, dated in (("part-delivery", "1990-05-05"), ("part-delivery", today(-21)), ("part-delivery", today(1))):
        problem = await national.refused(f"{order}/{action}", {"amount_cents": 1_000, "dated": dated}, 400)
        assert problem["errors"][0]["field"] == "dated", dated
    for amount, dated in ((200_000, today(-10)), (300_000, today(-2))):
        await national.post(f"{order}/part-delivery", {"amount_cents": amount, "dated": dated}, status=201)
    for amount, dated in ((1, today(-11)), (200_001, today(-5))):
        problem = await national.refused(f"{order}/payment", {"amount_cents": amount, "dated": dated}, 400)
        assert problem["errors"][0]["field"] == "dated"
    await national.post(f"{order}/payment", {"amount_cents": 300_000, "dated": today(-2)}, status=201)
    problem = await national.refused(f"{order}/payment", {"amount_cents": 200_001, "dated": today(-9)}, 409)
    assert problem["code"] == "payment_exceeded"
    await national.post(f"{order}/payment", {"amount_cents": 200_000, "dated": today(-9)}, status=201)


async def test_milestones_lie_within_the_accompaniment(national: Program, secretary: Program, received: str) -> None:
    dossier = await a_granted_dossier(national, secretary, received)
    await national.post(f"{dossier}/accompaniment", {"starts_on": today(-10), "ends_on": today(90)})
    for outside in (today(-11), today(91), "2099-01-01"):
        problem = await national.refused(f"{dossier}/milestones", {"title": "Loin", "due_on": outside}, 400)
        assert problem["errors"][0]["field"] == "due_on"
    planned = await national.post(f"{dossier}/milestones", {"title": "Étude", "due_on": today(80)}, status=201)
    milestone = f"{dossier}/milestones/{planned['created']}"
    far = {"due_on": today(120), "motive": "Retard."}
    assert (await national.refused(f"{milestone}/postponement", far, 400))["errors"][0]["field"] == "due_on"
    early = await national.refused(f"{milestone}/reached", {"reached_on": today(-11)}, 400)
    assert early["errors"][0]["field"] == "reached_on"
    await national.post(f"{dossier}/dates", {"starts_on": today(-10), "ends_on": today(150), "motive": "Retard."})
    await national.post(f"{milestone}/postponement", far)


SHARES = [
    {"kind": "anct", "financer": "ANCT", "amount_cents": 2_000_000},
    {"kind": "applicant", "financer": "Magny-en-Vexin", "amount_cents": 1_000_000},
]


async def test_a_financing_plan_adds_up_and_follows_the_cost_rule(
    database: Database, ear: Ear, national: Program, secretary: Program, received: str
) -> None:
    dossier = await a_granted_dossier(national, secretary, received)
    wrong = await national.refused(f"{dossier}/financing", {"total_cents": 3_100_000, "shares": SHARES}, 400)
    assert "il manque 1\u00a0000\u00a0€" in wrong["errors"][0]["message"]
    alone = await national.refused(f"{dossier}/financing", {"total_cents": 2_000_000, "shares": SHARES[:1]}, 400)
    assert "cofinancement" in alone["errors"][0]["message"]
    settled = await national.post(f"{dossier}/financing", {"total_cents": 3_000_000, "shares": SHARES})
    assert settled["financing"]["shares"][1]["amount_cents"] == 1_000_000
    assert (await told(database, received))[-1] == "escalation.financing_planned.v1"
    assert (await secretary.refused(f"{dossier}/financing", {"total_cents": 1, "shares": SHARES}, 403))["code"]
    small = a_request_escalated(number="95-2026-000124")
    covered = small.dossier.qualification.model_copy(update={"fully_covered": True})  # type: ignore[union-attr] # it has one
    small = small.model_copy(update={"dossier": small.dossier.model_copy(update={"qualification": covered})})
    await ear.hears(small)
    other = await a_granted_dossier(national, secretary, str(small.request_id))
    refused = await national.refused(f"{other}/financing", {"total_cents": 3_000_000, "shares": SHARES}, 400)
    assert "prise en charge complète" in refused["errors"][0]["message"]
    await national.post(f"{other}/financing", {"total_cents": 2_000_000, "shares": SHARES[:1]})
