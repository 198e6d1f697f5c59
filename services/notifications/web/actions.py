"""Actions of agents: one row for each, from which its form and its API call are made."""

from typing import Any, Final
from uuid import UUID

from litestar import Response

from services.notifications.reads import webhooks
from services.notifications.reads.bell import UnreadView
from services.notifications.reads.webhooks import WebhookView
from services.notifications.usecases import absence, bell, directory, preferences, resend
from services.notifications.web.choices import AbsenceView, ChoicesView, absence_view, choices_view
from services.notifications.web.context import AgentContext
from services.notifications.web.directory import ContactView, contact_view
from services.notifications.web.pages.bell import count_unread, show_bell
from services.notifications.web.pages.contacts import EnterContactForm, TeamForm, show_contact
from services.notifications.web.pages.messages import DeliveryDetailView, show_delivery, show_message
from services.notifications.web.pages.preferences import ChoicesForm, show_preferences
from services.notifications.web.pages.webhooks import show_new_webhook, show_webhook
from services.notifications.web.webhook_actions import ON_A_WEBHOOK, ON_WEBHOOKS
from shared.commands import NoBody
from shared.db import Reader
from shared.web.actions import Action, Answer, Refused, Resource, api_read, api_routes, page_read, page_routes

DELIVERY: Final = Resource(
    address="/deliveries/{delivery_id:uuid}",
    page="/messages/{delivery_id:uuid}",
    view=DeliveryDetailView,
    read=show_delivery,
    show=show_message,
)
ON_DELIVERIES: Final = (
    Action(
        "resend",
        NoBody,
        resend.resend,
        path="renvoi",
        done="Le message est de nouveau dans la file d’envoi.",
    ),
)


async def _nothing(*_: object) -> None:
    """Answer without a body."""


async def _show_message_of(context: AgentContext, _: UUID, *, refused: Refused) -> Response[Any]:
    return await show_message(context, context.request.path_params["delivery_id"], refused=refused)


BAD_ADDRESS: Final = Resource(
    address="/bad-addresses/{address_id:uuid}",
    page="/messages/{delivery_id:uuid}/adresse/{address_id:uuid}",
    view=None,
    read=_nothing,
    show=_show_message_of,
    read_by_context=["delivery_id"],
)
ON_BAD_ADDRESSES: Final = (
    Action(
        "trusted",
        NoBody,
        resend.trust_address,
        path="",
        done="L’adresse est de nouveau considérée comme bonne.",
        then="/messages/{delivery_id}",
        status=204,
    ),
)


async def _unread(context: AgentContext, reader: Reader, *_: UUID) -> UnreadView:
    return await count_unread(reader, context.agent)


NOTICE: Final = Resource(
    address="/bell/{notice_id:uuid}",
    page="/cloche/{notice_id:uuid}",
    view=UnreadView,
    read=_unread,
    show=show_bell,
)
ON_NOTICES: Final = (Action("read", NoBody, bell.read_notice, path="lue", then="/cloche"),)
BELL: Final = Resource(address="/bell", page="/cloche", view=UnreadView, read=_unread, show=show_bell)
ON_THE_BELL: Final = (Action("read", NoBody, bell.read_all_notices, path="lues"),)

PREFERENCES: Final = Resource(
    address="/preferences", page="/preferences", view=ChoicesView, read=choices_view, show=show_preferences
)
ON_PREFERENCES: Final = (
    Action(
        "choose",
        preferences.Choose,
        preferences.choose,
        path="",
        form=ChoicesForm,
        done="Vos préférences sont enregistrées. Elles valent pour les prochains messages.",
        method="PUT",
        address="",
    ),
)
ABSENCE: Final = Resource(
    address="/absence", page="/preferences", view=AbsenceView, read=absence_view, show=show_preferences
)
ON_ABSENCES: Final = (
    Action(
        "set",
        absence.SetAbsence,
        absence.set_absence,
        path="absence",
        done="Votre absence est enregistrée.",
        method="PUT",
        address="",
    ),
    Action(
        "end",
        NoBody,
        absence.end_absence,
        path="retour",
        done="Vos copies vous parviennent de nouveau.",
        method="DELETE",
        address="",
    ),
)


CONTACT: Final = Resource(
    address="/contacts",
    page="/annuaire/{team:str}",
    view=ContactView,
    show=show_contact,
)
ON_CONTACTS: Final = (
    Action(
        "enter",
        directory.EnterContact,
        directory.enter_contact,
        path="",
        form=EnterContactForm,
        done="La fiche est enregistrée. Elle vaut pour les prochains messages, et pour ceux que vous renvoyez.",
        method="PUT",
        address="",
        answer=Answer(ContactView, contact_view),
    ),
    Action(
        "withdraw",
        directory.Team,
        directory.withdraw_contact,
        path="retrait",
        form=TeamForm,
        done="La saisie est retirée. Ce qui est réglé ou annoncé par le service vaut de nouveau.",
        api=False,
    ),
)


async def _webhook(context: AgentContext, reader: Reader, webhook_id: UUID) -> WebhookView:
    """Show a subscription."""
    return await webhooks.webhook(reader, webhook_id, context.agent)


WEBHOOKS: Final = Resource(address="/webhooks", page="/abonnements/nouveau", view=WebhookView, show=show_new_webhook)
WEBHOOK: Final = Resource(
    address="/webhooks/{webhook_id:uuid}",
    page="/abonnements/{webhook_id:uuid}",
    view=WebhookView,
    read=_webhook,
    show=show_webhook,
)

TABLE: Final = (
    (DELIVERY, ON_DELIVERIES),
    (BAD_ADDRESS, ON_BAD_ADDRESSES),
    (NOTICE, ON_NOTICES),
    (BELL, ON_THE_BELL),
    (PREFERENCES, ON_PREFERENCES),
    (ABSENCE, ON_ABSENCES),
    (CONTACT, ON_CONTACTS),
    (WEBHOOKS, ON_WEBHOOKS),
    (WEBHOOK, ON_A_WEBHOOK),
)
API: Final = [
    *(api_read(resource) for resource in (DELIVERY, PREFERENCES, ABSENCE, WEBHOOK)),
    *(route for resource, actions in TABLE for route in api_routes(resource, actions)),
]
PAGES: Final = [
    *(page_read(resource) for resource in (DELIVERY, PREFERENCES, CONTACT, WEBHOOKS)),
    *(route for resource, actions in TABLE for route in page_routes(resource, actions)),
]
