"""Which tables are compared after a replay, and which columns are left out because no event holds them."""

from shared.messaging.replay import Table

BROUGHT = """
    EXISTS (
        SELECT FROM jsonb_array_elements(e.dossier -> '{part}') AS brought
        WHERE (brought ->> 'at')::timestamptz = t.at AND brought ->> '{member}' = t.{member}
    )
"""
"""Whether the dossier itself brought it: then it may stand beside the dossier too, or not, by what came first."""

NOT_PUBLISHED = "in no event"

TABLES = (
    Table(
        "escalation",
        key=("request_id",),
        left_out={"changed_at": "when anything last changed, published or not"},
        # How long the committee has is a setting of the day, which no event holds.
        seen_as={"due_on": "CASE WHEN stage = 'admissibility' THEN due_on END"},
    ),
    Table(
        "step",
        key=("request_id", "at", "type"),
        source=f"""(
            SELECT t.request_id, t.at, t.type, t.team, t.fact
            FROM step AS t
            JOIN escalation AS e USING (request_id)
            WHERE NOT (t.type LIKE 'intake.%' AND {BROUGHT.format(part="history", member="type")})
        )""",
        left_out={"position": "the order of arrival"},
    ),
    Table(
        "message",
        key=("request_id", "at", "author"),
        source=f"""(
            SELECT t.request_id, t.at, t.author, t.text
            FROM message AS t
            JOIN escalation AS e USING (request_id)
            WHERE NOT {BROUGHT.format(part="messages", member="text")}
        )""",
    ),
    Table("document", key=("request_id", "id")),
    Table("question", key=("request_id", "asked_at"), left_out={"id": NOT_PUBLISHED}),
    Table("withdrawal_request", key=("request_id", "at")),
    Table(
        "committee_session",
        key=("id",),
        request="",
        source="""(
            SELECT s.id, s.title, s.held_on
            FROM committee_session AS s
            WHERE EXISTS (SELECT FROM agenda_item AS a WHERE a.session_id = s.id)
        )""",
        left_out=dict.fromkeys(
            (
                "members",
                "roles",
                "alternates",
                "quorum",
                "present",
                "represented",
                "excused",
                "attended_at",
                "attended_by",
                "created_at",
                "created_by",
                "closed_at",
                "closed_by",
            ),
            NOT_PUBLISHED,
        ),
    ),
    Table("agenda_item", key=("request_id", "session_id"), left_out={"position": "agents put an agenda in order"}),
    Table("decision", key=("id", "request_id")),
    Table("decision_counter", key=("year",), request=""),
    Table(
        "mobilisation",
        key=("id", "request_id"),
        left_out=dict.fromkeys(("envelope_id", "operator_id", "lot_id", "lines", "changed_at"), NOT_PUBLISHED),
    ),
    Table("order_entry", key=("id",), request=""),
    Table("financing", key=("request_id",)),
    Table("milestone", key=("id", "request_id")),
    Table("progress", key=("id", "request_id")),
    Table("deliverable", key=("id", "request_id"), left_out={"content": NOT_PUBLISHED}),
    Table("provider_link", key=("mobilisation_id",), request=""),
    Table("programme_request", key=("request_id",)),
    Table("programme_territory", key=("programme", "departement", "kind", "code"), request=""),
    Table("evaluation", key=("request_id", "round")),
    Table("followed", key=("request_id",)),
)

LEFT_OUT = {
    "exchange_part": "what waits for a dossier that refers to it; what that brought is compared (escalation)",
    "envelope": "what may be spent is not published; what was mobilised is compared (mobilisation)",
    "committee_member": "who sits in the committee is not published",
    "recusal": "what a decision says of it is compared (decision)",
    "session_file": "made from the dossiers of an agenda, at any time again",
    "minutes_remark": "minutes are not published",
    "minutes_approval": "the same",
    "operator": "the directory is not published",
    "contract": "contracts, their lots and prices are not published; what was ordered is compared (mobilisation)",
    "lot": "see contract",
    "unit_price": "see contract",
    "order_counter": "how far numbers went; each number is compared (mobilisation)",
    "programme": "a programme's sheet is not published; what it covers is compared (programme_territory)",
    "early_note": "what waits for a dossier that may never come, and is forgotten after a while",
    "note": "what the national team notes for itself is not published",
    "consultation": "who read what is not published",
    "document_access": "the same",
}
