"""Pages of agents: messages, bell, templates, preferences, directory, partners' subscriptions."""

from litestar.types import ControllerRouterHandler

from services.notifications.web.pages import bell, contacts, messages, preferences, templates, webhooks

routes: list[ControllerRouterHandler] = [
    messages.show_messages,
    messages.show_message,
    messages.show_mail,
    messages.resend,
    messages.trust_address,
    bell.show_bell,
    bell.stream_bell,
    bell.read_notice,
    bell.read_all,
    templates.show_templates,
    templates.show_template,
    templates.show_template_mail,
    preferences.show_preferences,
    preferences.set_preferences,
    preferences.be_away,
    preferences.be_back,
    contacts.show_directory,
    contacts.show_contact,
    contacts.enter_contact,
    contacts.withdraw_contact,
    webhooks.show_webhooks,
    webhooks.show_new_webhook,
    webhooks.subscribe,
    webhooks.show_webhook,
    webhooks.show_secret,
    webhooks.act_on_webhook,
    webhooks.renew_secret,
    webhooks.replay,
]
