"""Pages of agents: the messages, one message, the templates, the preferences."""

from litestar.types import ControllerRouterHandler

from services.notifications.web.pages import messages, preferences, templates

routes: list[ControllerRouterHandler] = [
    messages.show_messages,
    messages.show_message,
    messages.show_mail,
    messages.resend,
    templates.show_templates,
    templates.show_template,
    templates.show_template_mail,
    preferences.show_preferences,
    preferences.set_preferences,
    preferences.be_away,
    preferences.be_back,
]
