"""Oracle of amounts: envelopes, lots, deliveries and payments, against each other and the published events."""

from tests.faults.judged import Judged
from tests.faults.verdict import Verdict

_DEPARTEMENTS = """
    SELECT coalesce((SELECT sum(committed_cents) FROM envelope), 0)::bigint AS envelopes,
           coalesce((SELECT sum(amount_cents) FROM envelope_commitment
                     WHERE released_at IS NULL), 0)::bigint AS commitments,
           (SELECT coalesce(sum((body::jsonb #>> '{data,amount_cents}')::bigint)
                            FILTER (WHERE type = 'qualification.supported_locally.v1'), 0)
                   - coalesce(sum((body::jsonb #>> '{data,given_back_cents}')::bigint)
                              FILTER (WHERE type IN ('qualification.withdrawal_accepted.v1',
                                                     'qualification.local_work_stopped.v1')), 0)
            FROM journal)::bigint AS published
"""

_ORDERS = """
    SELECT sum(amount_cents)::bigint AS ordered, sum(delivered_cents)::bigint AS delivered,
           sum(paid_cents)::bigint AS paid,
           sum(CASE state WHEN 'declined' THEN 0 WHEN 'delivered' THEN delivered_cents ELSE amount_cents END)::bigint
               AS committed,
           count(*) FILTER (WHERE paid_cents > delivered_cents OR delivered_cents > amount_cents) AS beyond
    FROM mobilisation
"""

_COMMITTED = """
    SELECT account.id, account.committed_cents AS account, coalesce(sum(
               CASE m.state WHEN 'declined' THEN 0 WHEN 'delivered' THEN m.delivered_cents ELSE m.amount_cents END
           ), 0)::bigint AS orders
    FROM {account} account LEFT JOIN mobilisation m ON m.{account}_id = account.id
    GROUP BY account.id
"""

_GRANTED = """
    SELECT escalation.number, granted.amount_cents AS granted, orders.committed
    FROM escalation
    CROSS JOIN LATERAL (
        SELECT amount_cents
        FROM decision
        WHERE decision.request_id = escalation.request_id
            AND replaced_by IS NULL AND outcome IN ('granted', 'granted_with_reserve')
        ORDER BY recorded_at DESC
        LIMIT 1
    ) AS granted
    CROSS JOIN LATERAL (
        SELECT sum(committed_cents)::bigint AS committed
        FROM mobilisation
        WHERE mobilisation.request_id = escalation.request_id
    ) AS orders
    WHERE orders.committed > granted.amount_cents
"""

_BOOKED = """
    SELECT (SELECT coalesce(sum(amount_cents), 0) FROM order_entry WHERE kind = 'delivery')::bigint AS deliveries,
           (SELECT coalesce(sum(amount_cents), 0) FROM order_entry WHERE kind = 'payment')::bigint AS payments,
           coalesce(sum((body::jsonb #>> '{data,amount_cents}')::bigint)
                    FILTER (WHERE type = 'escalation.resource_mobilised.v1'), 0)::bigint AS ordered,
           coalesce(sum((body::jsonb #>> '{data,amount_cents}')::bigint) FILTER (
               WHERE type = 'escalation.order_booked.v1' AND body::jsonb #>> '{data,entry}' = 'delivery'
           ), 0)::bigint AS published_deliveries,
           coalesce(sum((body::jsonb #>> '{data,amount_cents}')::bigint) FILTER (
               WHERE type = 'escalation.order_booked.v1' AND body::jsonb #>> '{data,entry}' = 'payment'
           ), 0)::bigint AS published_payments
    FROM journal
"""


async def check(product: Judged, verdict: Verdict) -> None:
    """Check that every account holds what its journal published, and that no order takes more than it may."""
    await _departements(product, verdict)
    await _national_team(product, verdict)


async def _departements(product: Judged, verdict: Verdict) -> None:
    (row,) = await product.fetch("qualification", _DEPARTEMENTS)
    if len(set(row.values())) > 1:
        verdict.complain("money", f"qualification spent in cents: {dict(row)}")


async def _national_team(product: Judged, verdict: Verdict) -> None:
    for account in ("envelope", "lot"):
        for row in await product.fetch("escalation", _COMMITTED.format(account=account)):
            if row["account"] != row["orders"]:
                said = f"the {account} {row['id']} holds {row['account']}, its orders take {row['orders']}"
                verdict.complain("money", said)
    for row in await product.fetch("escalation", _GRANTED):
        said = f"{row['number']} was granted {row['granted']}, and its orders take {row['committed']}"
        verdict.complain("money", said)
    (orders,) = await product.fetch("escalation", _ORDERS)
    (booked,) = await product.fetch("escalation", _BOOKED)
    for what, found, published in (
        ("ordered", orders["ordered"], booked["ordered"]),
        ("delivered", orders["delivered"], booked["deliveries"]),
        ("paid", orders["paid"], booked["payments"]),
        ("delivered as published", booked["deliveries"], booked["published_deliveries"]),
        ("paid as published", booked["payments"], booked["published_payments"]),
    ):
        if (found or 0) != published:
            verdict.complain("money", f"escalation: {what} {found} cents here and {published} there")
    if orders["beyond"]:
        verdict.complain("money", f"{orders['beyond']} orders are paid or delivered beyond what they may be")
