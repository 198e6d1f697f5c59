"""Tables that are compared after a replay, and the columns left out because no event holds them."""

from shared.messaging.replay import Table

DAY = "the day that was written down, which may lie before that of the event"

TABLES = (
    Table(
        "case_file",
        key=("request_id", "departement"),
        left_out={
            "assignee_email": "no event says which agent has a case",
            "assignee_name": "the same",
            "assigned_at": "the same",
            "assigned_by": "the same",
            "decided": "written by earlier versions only, read by none",
        },
        seen_as={
            "proposal": "jsonb_build_object('outcome', proposal -> 'outcome', 'by', proposal -> 'by')",
            "returned": (
                "jsonb_build_object('outcome', returned -> 'proposal' -> 'outcome', 'by', returned -> 'by',"
                " 'motive', returned -> 'motive')"
            ),
        },
    ),
    Table(
        "case_message",
        key=("request_id", "at", "team"),
        # The case that was not handed on has everything; what another has depends on what came before the transfer.
        source="""(
            SELECT request_id, at, team, text, max(author) AS author,
                   max(departement) FILTER (WHERE state <> 'transferred') AS departement
            FROM case_message JOIN case_file USING (request_id, departement)
            GROUP BY 1, 2, 3, 4
        )""",
        left_out={"id": "a message that came with a dossier has another one there"},
    ),
    Table(
        "case_document",
        key=("request_id", "id"),
        source="""(
            SELECT id, request_id, document, added_at,
                   max(departement) FILTER (WHERE state <> 'transferred') AS departement
            FROM case_document JOIN case_file USING (request_id, departement)
            GROUP BY 1, 2, 3, 4
        )""",
    ),
    Table(
        "case_step",
        key=("request_id", "at", "type"),
        source="(SELECT request_id, at, type, team, max(fact::text)::jsonb AS fact FROM case_step GROUP BY 1, 2, 3, 4)",
        left_out={
            "id": "made anew for each step of a dossier",
            "departement": "which of two cases has it depends on whether it came before the transfer",
        },
    ),
    Table("programme_territory", key=("programme", "departement", "kind", "code"), request=""),
    Table("orientation", key=("id",)),
    Table("local_deliverable", key=("id",), left_out={"content": "the bytes of files are in no event"}),
    Table(
        "evaluation",
        key=("request_id", "round"),
        left_out={"departement": "which of two cases has it depends on whether it came before the transfer"},
    ),
    Table("deadline_warning", key=("request_id", "departement", "clock", "due_on")),
    Table(
        "envelope_commitment",
        key=("request_id", "departement", "year"),
        left_out={"id": "in no event"},
    ),
    Table("withdrawal_request", key=("request_id", "at")),
    Table(
        "pact",
        key=("id",),
        request="id",
        left_out={
            "shared_on": DAY,
            "agreed_on": DAY,
            "signed_on": DAY,
            "reviewed_on": DAY,
            "last_act": "what refusals say of who did it, in words",
        },
    ),
    Table(
        "pact_party",
        key=("pact_id", "place"),
        request="pact_id",
        left_out={
            "id": "in no event",
            "kind": "the same",
            "code": "the same",
            "email": "published once the party was sent its link",
            "reminded_at": "when a party was last reminded, for the next time",
            "reminders": "the same",
        },
    ),
    Table(
        "pact_version",
        key=("pact_id", "number"),
        request="pact_id",
        left_out={
            "content": "texts and money never leave the département",
            "signed_on": DAY,
            "signatures": "the event holds neither day nor name",
            "document": "the event holds its fingerprint only",
            "sha256": "the same",
            "signed_document": "the same",
            "signed_sha256": "the same",
        },
    ),
)

LEFT_OUT = {
    "exchange_part": "what waits for a dossier that refers to it; what that brought is compared (case_message)",
    "early_note": "what waits for the transfer of its case; what that brought is compared (case_message)",
    "provider": "the catalogue is in no event",
    "case_note": "notes never leave the département",
    "consultation": "no event says who looked at what",
    "document_access": "the same",
    "envelope": "its amount is in no event; what is spent of it is compared (envelope_commitment)",
    "pact_diagnosis": "the event holds its version only",
    "pact_agreement": "the event holds no day",
    "pact_action": "the event holds its title only",
    "pact_signature": "the event holds no day",
    "pact_progress": "the same as the actions",
    "pact_review": "the event does not hold what was concluded",
}
