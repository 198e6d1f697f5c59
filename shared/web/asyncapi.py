"""Route `/api/v1/asyncapi`: the AsyncAPI document of a service, made at the first request."""

import asyncio
from collections.abc import Callable
from functools import cache
from typing import Any

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.serialization import encode_json

Describe = Callable[[], dict[str, Any]]
"""Makes the AsyncAPI document of a service."""


def route(describe: Describe) -> HTTPRouteHandler:
    """Make the route that answers with an AsyncAPI document, made in a thread because that takes a second."""
    described = cache(lambda: encode_json(describe()))

    @get("/asyncapi", public=True, include_in_schema=False)
    async def describe_messages() -> Response[bytes]:
        return Response(await asyncio.to_thread(described), media_type="application/json")

    return describe_messages
