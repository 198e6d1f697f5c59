"""Send a mail again because somebody asks for it: what failed, what is uncertain, and also what was sent."""

from datetime import datetime
from uuid import UUID

from services.notifications.domain.deliveries import NO_ADDRESS
from services.notifications.domain.perimeter import Perimeter
from services.notifications.store.contacts import contacts
from services.notifications.store.deliveries import lock_delivery, save_resend
from services.notifications.usecases.parts import Parts
from services.notifications.usecases.tell import mailbox_address, service_in_charge
from shared.db import Transaction
from shared.errors import Conflict
from shared.identity.model import Agent, Role

MAY_RESEND = tuple(role for role in Role if role is not Role.AUDITOR)
"""Everybody who acts; an auditor only reads."""


class StillNoAddress(Conflict):
    """Nobody knows where this mail should go (HTTP 409)."""

    code = "no_address"
    title = "No address is known for this recipient"
    sentence = NO_ADDRESS + " Demandez à l’exploitant de la renseigner, puis renvoyez le message."


async def resend(tx: Transaction, delivery_id: UUID, *, by: Agent, at: datetime, parts: Parts) -> None:
    """Queue a delivery again, to the mailbox's present address; who asked is kept with the next attempts."""
    by.require(*MAY_RESEND)
    delivery, about = await lock_delivery(tx, delivery_id, Perimeter.of(by))
    recipient = delivery.recipient
    if about["holder"].startswith("mailbox:"):
        here, holder = about["departement"], about["holder"]
        entered = await contacts(tx, [holder])
        service = await service_in_charge(tx, here, parts.directory, entered) if here else None
        recipient = mailbox_address(holder, parts.directory, service, entered) or recipient
    if not recipient:
        raise StillNoAddress
    delivery.resend(recipient=recipient, at=at)
    await save_resend(tx, delivery, asked_by=f"{by.name} <{by.email}>" if by.name else by.email)
