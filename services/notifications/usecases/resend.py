"""Resend a mail at an agent's request, and accept again an address that was rejected."""

from uuid import UUID

from services.notifications.domain.deliveries import NO_ADDRESS
from services.notifications.domain.perimeter import Perimeter
from services.notifications.store.contacts import contacts
from services.notifications.store.deliveries import lock_delivery, save_resend
from services.notifications.store.incoming import clear_address
from services.notifications.usecases.context import Context
from services.notifications.usecases.deliveries import mailbox_address, service_in_charge
from shared.commands import NoBody
from shared.errors import Conflict, NotFound
from shared.identity.model import Role

MAY_RESEND = tuple(role for role in Role if role is not Role.AUDITOR)
"""Everybody who acts; an auditor only reads."""


class StillNoAddress(Conflict):
    """Nobody knows where this mail should go (HTTP 409)."""

    code = "no_address"
    title = "No address is known for this recipient"
    sentence = NO_ADDRESS + " Demandez à l’exploitant de la renseigner, puis renvoyez le message."


async def resend(do: Context, delivery_id: UUID, _: NoBody) -> None:
    """Queue a mail again, also one that was sent, to the mailbox's present address; who asked is stored."""
    agent = do.agent
    agent.require(*MAY_RESEND)
    delivery, about = await lock_delivery(do.tx, delivery_id, Perimeter.of(agent))
    recipient = delivery.recipient
    if about["holder"].startswith("mailbox:"):
        here, holder = about["departement"], about["holder"]
        entered = await contacts(do.tx, [holder])
        service = await service_in_charge(do.tx, here, do.parts.directory, entered) if here else None
        recipient = mailbox_address(holder, do.parts.directory, service, entered) or recipient
    if not recipient:
        raise StillNoAddress
    delivery.resend(recipient=recipient, at=do.at)
    await save_resend(do.tx, delivery, asked_by=f"{agent.name} <{agent.email}>" if agent.name else agent.email)


async def trust_address(do: Context, address_id: UUID, _: NoBody) -> None:
    """Note that an address takes mail again."""
    do.agent.require(*MAY_RESEND)
    if not await clear_address(do.tx, address_id, Perimeter.of(do.agent)):
        raise NotFound
