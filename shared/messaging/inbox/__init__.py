"""What a service hears takes effect here: exactly once, in the order of its stream, in one transaction."""

from shared.messaging.inbox.attempts import FATAL_AFTER
from shared.messaging.inbox.held import Patience
from shared.messaging.inbox.message import Message
from shared.messaging.inbox.taking import Inbox

__all__ = ["FATAL_AFTER", "Inbox", "Message", "Patience"]
