"""What programs may ask of notifications, with an agent's token."""

from litestar import Router

from services.notifications.web.api import addresses, bell, contacts, deliveries, preferences, templates, webhooks

routes = [
    Router(
        "/",
        route_handlers=[
            deliveries.list_deliveries,
            deliveries.show_delivery,
            deliveries.resend,
            preferences.show_preferences,
            preferences.set_preferences,
            preferences.show_absence,
            preferences.set_absence,
            preferences.end_absence,
            addresses.list_bad_addresses,
            addresses.trust_address,
            contacts.list_contacts,
            contacts.enter_contact,
            contacts.withdraw_contact,
            contacts.list_providers,
            bell.list_notices,
            bell.read_notice,
            bell.read_all,
            templates.list_templates,
            templates.show_template,
            webhooks.list_webhooks,
            webhooks.subscribe,
            webhooks.show_webhook,
            webhooks.list_webhook_attempts,
            webhooks.suspend,
            webhooks.resume,
            webhooks.replay,
            webhooks.send_test,
            webhooks.renew_secret,
            webhooks.end,
            webhooks.list_partner_events,
        ],
        tags=["notifications"],
    )
]
