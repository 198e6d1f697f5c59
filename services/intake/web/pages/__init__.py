"""The pages that applicants see."""

from litestar.types import ControllerRouterHandler

routes: list[ControllerRouterHandler] = []
