"""Pages of agents: the messages, one message, the templates, the preferences."""

from litestar.types import ControllerRouterHandler

routes: list[ControllerRouterHandler] = []
