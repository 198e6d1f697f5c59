"""The inboxes of the four services, wired as in their `main`, with settings that lead nowhere."""

from services.escalation import handlers as escalation
from services.escalation.domain.durations import Durations
from services.intake import handlers as intake
from services.notifications import handlers as notifications
from services.notifications.main import parts_of
from services.notifications.settings import Settings as NotificationsSettings
from services.qualification import handlers as qualification
from services.qualification.settings import Settings as QualificationSettings
from shared.messaging.handlers import EventHandlers
from shared.territory import Territories

NOWHERE = {
    "database_url": "postgresql://unused",
    "port": 8100,
    "amqp_url": None,
    "public_url": "http://service.test",
    "intake_url": "http://intake.test",
    "qualification_url": "http://qualification.test",
    "escalation_url": "http://escalation.test",
    "secret_key": "0" * 64,
    "tracking_key": "0" * 64,
    "document_key": "0" * 64,
    "mandate_key": "0" * 64,
    "orientation_key": "0" * 64,
}


def listeners() -> dict[str, EventHandlers]:
    """Give each service's table of what it hears."""
    rules = QualificationSettings.model_validate(_known_to(QualificationSettings)).rules
    parts = parts_of(NotificationsSettings.model_validate(_known_to(NotificationsSettings)))
    return {
        "intake": intake.handlers(Territories.load()),
        "qualification": qualification.handlers(rules),
        "escalation": escalation.handlers(Durations()),
        "notifications": notifications.handlers(parts),
    }


def _known_to(settings: type[QualificationSettings | NotificationsSettings]) -> dict[str, object]:
    return {name: value for name, value in NOWHERE.items() if name in settings.model_fields}
