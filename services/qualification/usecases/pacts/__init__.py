"""Territorial pacts: opened by the département, agreed and signed by each party, then followed year after year."""

from services.qualification.usecases.pacts.by_link import agree_by_link, report_by_link, sign_by_link
from services.qualification.usecases.pacts.leading import (
    Planned,
    add_action,
    agree,
    invite,
    remove_action,
    report,
    review,
    share_diagnosis,
    sign,
)
from services.qualification.usecases.pacts.opening import Named, open_pact

__all__ = [
    "Named",
    "Planned",
    "add_action",
    "agree",
    "agree_by_link",
    "invite",
    "open_pact",
    "remove_action",
    "report",
    "report_by_link",
    "review",
    "share_diagnosis",
    "sign",
    "sign_by_link",
]
