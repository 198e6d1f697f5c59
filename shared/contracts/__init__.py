"""Event contracts: the facts that each service publishes, one module per publishing service."""

from shared.contracts import escalation, forms, intake, notifications, qualification
from shared.contracts.fact import Fact

FACTS: tuple[type[Fact], ...] = (
    *intake.FACTS,
    *forms.FACTS,
    *qualification.FACTS,
    *escalation.FACTS,
    *notifications.FACTS,
)
"""Every fact of every service."""

BY_TYPE: dict[str, type[Fact]] = {fact.wire_type: fact for fact in FACTS}
"""The class that reads each wire type."""
