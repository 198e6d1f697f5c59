"""The pages of the national team."""

from litestar.types import ControllerRouterHandler

routes: list[ControllerRouterHandler] = []
