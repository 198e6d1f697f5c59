"""Does an API keep its word? Every operation of its own OpenAPI document, asked well, badly and absurdly."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import httpx2
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from tests.properties.effort import LONG, MORE

ADDRESS: Final = "/api/v1/openapi.json"
ALWAYS: Final[Sequence[CheckFunction]] = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
RUBBISH: Final = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [b"", b"null", b"[]", b"{", b'"\\ud800"', b'{"a": NaN}', b'{"a": 1e999}', b"[" * 20_000, b'{"a":' * 20_000]
    ),
)
TYPES: Final = st.sampled_from(
    [None, "application/json", "application/merge-patch+json", "multipart/form-data", "multipart/form-data; boundary=x",
     "application/x-www-form-urlencoded", "text/plain", "application/json; charset=utf-16", "/", "é"]
)  # fmt: skip
IDS: Final = st.one_of(
    st.uuids().map(str), st.sampled_from(["0", "-1", "a", "..%2F", "%00", "é", "%F0%9F%92%A9", "x" * 3_000])
)
Operation: TypeAlias = "APIOperation[Any, Any, Any, Any]"
Asked: TypeAlias = "Case[Any]"


@dataclass(frozen=True)
class Api:
    """A service in front of which programs stand: their headers by who they are, and what is really there."""

    client: httpx2.AsyncClient
    callers: Mapping[str, Mapping[str, str]]
    known: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Name of a path parameter → values that exist."""

    async def keeps_its_word(self, *, examples: int = 3) -> None:
        """Ask everything, so many times in each manner; fail with all that was not as described."""
        described = (await self.client.get(ADDRESS)).json()
        loop = asyncio.get_running_loop()
        broken = await asyncio.to_thread(lambda: list(self._broken(described, examples, loop)))
        assert not broken, "\n\n".join(broken)

    def _broken(self, described: dict[str, Any], examples: int, loop: asyncio.AbstractEventLoop) -> Iterator[str]:
        schema = schemathesis.openapi.from_dict(_without_sign_in(described))
        for found in schema.get_all_operations():
            assert isinstance(found, Ok), found
            operation = found.ok()
            for manner in (self._well, self._badly, self._absurdly):
                try:
                    manner(operation, _limits(examples), loop)
                except Unsatisfiable:
                    continue  # nothing of this operation can be wrong
                except (FailureGroup, Exception) as error:  # noqa: BLE001 - each is told, and the others are looked at
                    yield f"{operation.label}, asked {manner.__name__[1:]}:\n{error}"

    def _well(self, operation: Operation, limits: settings, loop: asyncio.AbstractEventLoop) -> None:
        @limits
        @given(case=operation.as_strategy(GenerationMode.POSITIVE), who=self._anybody(), pick=st.integers(0, 7))
        def ask(case: Asked, who: str, pick: int) -> None:
            self._at_something_real(case, pick)
            case.validate_response(self._send(case, who, loop), checks=list(ALWAYS))

        ask()

    def _badly(self, operation: Operation, limits: settings, loop: asyncio.AbstractEventLoop) -> None:
        @limits
        @given(case=operation.as_strategy(GenerationMode.NEGATIVE), who=self._anybody())
        def ask(case: Asked, who: str) -> None:
            case.validate_response(self._send(case, who, loop), checks=[*ALWAYS, negative_data_rejection])

        ask()

    def _absurdly(self, operation: Operation, limits: settings, loop: asyncio.AbstractEventLoop) -> None:
        """Send bytes instead of a body, of any type, to any place, with credentials that are none."""

        @limits
        @given(
            case=operation.as_strategy(GenerationMode.POSITIVE),
            who=self._anybody(),
            body=RUBBISH,
            kind=TYPES,
            place=IDS,
            real=st.booleans(),
        )
        def ask(case: Asked, who: str, body: bytes, kind: str | None, place: str, real: bool) -> None:
            case.path_parameters = dict.fromkeys(case.path_parameters or {}, place)
            if real:
                self._at_something_real(case, 0)
            headers = {b"content-type": kind.encode()} if kind else {}
            note(f"in truth it was sent {body[:80]!r} as {kind}")
            case.validate_response(self._send(case, who, loop, body, headers), checks=list(ALWAYS))

        ask()

    def _anybody(self) -> st.SearchStrategy[str]:
        return st.sampled_from(list(self.callers))

    def _at_something_real(self, case: Asked, pick: int) -> None:
        """Most of the time, mean what exists: what is not there is refused too soon to be interesting."""
        if pick == 7:
            return
        for name in case.path_parameters or {}:
            if name in self.known:
                case.path_parameters[name] = self.known[name][pick % len(self.known[name])]

    def _send(
        self,
        case: Asked,
        who: str,
        loop: asyncio.AbstractEventLoop,
        body: bytes | None = None,
        headers: Mapping[bytes, bytes] | None = None,
    ) -> httpx2.Response:
        options = case.as_transport_kwargs(base_url=str(self.client.base_url))
        options["headers"] = {**(options.get("headers") or {}), **self.callers[who]}
        prepared = requests.Request(**options).prepare()
        sent = {name.lower(): value for name, value in prepared.headers.items() if name.lower() != "content-length"}
        if body is not None:
            sent.pop("content-type", None)
        written = {name.encode("latin-1", "replace"): str(value).encode() for name, value in sent.items()}
        request = self.client.build_request(
            prepared.method or "GET",
            prepared.url or "",
            headers={**written, **(headers or {})},
            content=body if body is not None else _bytes_of(prepared.body),
        )
        return asyncio.run_coroutine_threadsafe(self.client.send(request), loop).result(60)


def _bytes_of(body: object) -> bytes | None:
    """Give what `requests` would send; its bodies are text or bytes, for nothing here is a stream."""
    assert body is None or isinstance(body, str | bytes), type(body)
    return body.encode() if isinstance(body, str) else body


def _without_sign_in(described: dict[str, Any]) -> dict[str, Any]:
    """Who calls is drawn here: nobody's call is no wrong data."""
    described["components"].pop("securitySchemes", None)
    for item in described["paths"].values():
        for operation in item.values():
            operation.pop("security", None)
    return described


def _limits(examples: int) -> settings:
    return settings(
        max_examples=examples * (MORE if LONG else 1),
        derandomize=not LONG,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
