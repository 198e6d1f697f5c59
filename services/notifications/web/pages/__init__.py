"""Pages of agents: messages, bell, templates, preferences, directory, webhook subscriptions."""

from litestar.types import ControllerRouterHandler

from services.notifications.web.pages import bell, contacts, messages, templates, webhooks

routes: list[ControllerRouterHandler] = [
    messages.show_messages,
    messages.show_mail,
    bell.bell_page,
    bell.stream_bell,
    templates.show_templates,
    templates.show_template,
    templates.show_template_mail,
    contacts.show_directory,
    webhooks.show_webhooks,
    webhooks.webhook_page,
    webhooks.show_secret,
]
"""What is only shown; the forms are in the table of actions."""
