"""SQL conditions that limit mails and requests to an agent's perimeter ($1 to $3: `Perimeter.arguments`)."""

SEES_REQUEST = """(
    $1::text[] IS NULL
    OR departement = ANY ($1)
    OR ($2::boolean AND escalated)
    OR programmes && $3::text[]
)"""
"""On the columns of `known_request`."""

SEES_DELIVERY = """(
    $1::text[] IS NULL
    OR departement = ANY ($1)
    OR ($2::boolean AND audience IN ('national', 'committee'))
    OR holder = ANY (SELECT 'mailbox:programme:' || programme FROM unnest($3::text[]) AS programme)
    OR EXISTS (
        SELECT FROM known_request r
        WHERE r.request_id = delivery.request_id AND (($2::boolean AND r.escalated) OR r.programmes && $3::text[])
    )
)"""
"""On the columns of `delivery`."""
