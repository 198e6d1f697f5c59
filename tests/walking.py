"""Walk every route of a service with identifiers of others: whoever may not reach them reads and changes nothing.

The routes are Litestar's own table, so that a new one is walked too. What its path names must be in `Foreign.named`;
the body of an API call is made from the OpenAPI document, and a page's form from `Foreign.form`. `prove` sends the
same calls as those who may: a call that is 400 or 404 for everybody would prove nothing.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final

import httpx2
from litestar import Litestar
from litestar.routes import HTTPRoute

from shared.db import Database

Json = dict[str, Any]

SAME_EVERYWHERE: Final = re.compile(
    r"/static/.*|/robots\.txt|/favicon\.ico|/\.well-known/.*"
    r"|/health/.*|/metrics|/asyncapi|/api/openapi.*|/api/v1/openapi\.json|/connexion.*|/deconnexion.*"
)
"""Paths that no request lies behind: health, documents, sign-in."""
WITHOUT_DATA: Final = frozenset({"agent_token", "consultation", "form_submission", "schema_migrations", "web_session"})
"""Tables that a call may touch: when a token or a session was used, which form was sent, what was read of one's own."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, with the proofs they have. `values` replaces values of `Foreign.named` for them."""

    name: str
    token: str = ""
    cookies: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Foreign:
    """What belongs to somebody else, and the values that calls about it carry.

    `named`: values of the paths' parameters. `secret`: texts that must be in no answer. `form`: fields of pages'
    forms, all of them sent to each. `bodies` and `queries`: for a "METHOD /path" or "/path", what replaces the body
    that is made from the OpenAPI document, and the query. `own`: calls that concern the caller alone, or what is
    everybody's, with the reason; they may succeed. `makes`: those of them that make something of the caller's own.
    `left_out`: routes that are not walked, with the reason.
    """

    named: Mapping[str, Sequence[str]]
    secret: Collection[str]
    form: Mapping[str, Any] = field(default_factory=dict)
    bodies: Mapping[str, Any] = field(default_factory=dict)
    queries: Mapping[str, str] = field(default_factory=dict)
    own: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    makes: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """One call: a method and a path of the routes' table, filled in."""

    method: str
    template: str
    path: str
    words: tuple[str, ...] = ()

    @property
    def kind(self) -> tuple[str, ...]:
        """Name what is tried with it: one of several things that a path names by a word, or any of what has an id."""
        return self.method, self.template, *self.words

    @property
    def route(self) -> str:
        """Name it as tables of the tests do."""
        return f"{self.method} {self.template}"

    @property
    def changes(self) -> bool:
        """Tell whether it may change something."""
        return self.method not in {"GET", "HEAD"}

    @property
    def of_the_api(self) -> bool:
        """Tell whether it is for programs."""
        return self.template.startswith("/api/")


def calls(app: Litestar, foreign: Foreign, person: Person) -> Iterator[Call]:
    """Give a call for each route and each value of what its path names."""
    named = {**foreign.named, **person.values}
    for route in app.routes:
        if not isinstance(route, HTTPRoute) or SAME_EVERYWHERE.fullmatch(route.path_format):
            continue
        if route.path_format in foreign.left_out:
            continue
        for name in route.path_parameters:
            assert name in named, (
                f"The walk knows no value of somebody else's for {{{name}}} in {route.path_format}: "
                "add one to `Foreign.named` of this service's test_walk.py."
            )
        methods = {method for handler in route.route_handlers for method in handler.http_methods} - {"OPTIONS"}
        for values in product(*(named[name] for name in route.path_parameters)):
            path = route.path_format
            for name, value in zip(route.path_parameters, values, strict=True):
                path = path.replace(f"{{{name}}}", value)
            words = tuple(
                value
                for name, value in zip(route.path_parameters, values, strict=True)
                if not name.endswith("_id") and name != "token"
            )
            for method in sorted(methods):
                yield Call(method, route.path_format, path, words)


class Walk:
    """Sends the calls to one service."""

    def __init__(self, app: Litestar, client: httpx2.AsyncClient, foreign: Foreign, *databases: Database) -> None:
        """`databases` are those in which nothing may change."""
        self._app = app
        self._client = client
        self._foreign = foreign
        self._databases = databases
        self._described: Json = {}
        self._csrf: tuple[str, str] | tuple[()] = ()

    async def refused(self, *people: Person) -> list[str]:
        """Send each call as people who may not; give what they learned or changed, one sentence each."""
        found = []
        for person in people:
            before = await self._contents()
            for call in calls(self._app, self._foreign, person):
                if call.route in self._foreign.makes:
                    found += await self._changed(person, since=before)
                answer = await self.send(call, person)
                if call.route in self._foreign.makes:
                    before = await self._contents()
                if call.route not in self._foreign.own and not _refuses(
                    answer, person, names_something="{" in call.template or call.changes
                ):
                    found.append(f"{person.name}: {call.method} {call.path} → {_said(answer)}")
                found += [
                    f"{person.name}: {call.method} {call.path} → says «{secret}»"
                    for secret in self._foreign.secret
                    if secret in answer.text
                ]
            found += await self._changed(person, since=before)
        return found

    async def _changed(self, person: Person, *, since: set[tuple[str, str]]) -> list[str]:
        """Give the calls that change something: when anything has changed, each is sent once more and looked at."""
        before = await self._contents()
        if before == since:
            return []
        found = [f"{person.name}: changed {sorted({name for name, _ in before ^ since})}"]
        for call in calls(self._app, self._foreign, person):
            if call.changes and call.route not in self._foreign.makes:
                await self.send(call, person)
                after = await self._contents()
                if after != before:
                    found.append(f"{person.name}: {call.method} {call.path} → changes something")
                before = after
        return found

    async def prove(self, *people: Person, gone: Collection[str] = ()) -> list[str]:
        """Send each call as those who may; give the calls that nobody could make.

        `gone` names calls about what an earlier call took away.
        """
        answers: dict[tuple[str, ...], list[str]] = {}
        made = set()
        everything = [(call, person) for person in people for call in calls(self._app, self._foreign, person)]
        for call, person in sorted(everything, key=lambda one: one[0].changes):
            if call.kind in made:
                continue
            answer = await self.send(call, person)
            answers.setdefault(call.kind, []).append(f"{person.name} {_said(answer)}")
            if answer.is_success or answer.status_code == 409 or _goes_on(answer):
                made.add(call.kind)
        return [
            f"{' '.join(kind)} → {said}"
            for kind, said in answers.items()
            if kind not in made and " ".join(kind[:2]) not in gone
        ]

    async def untraced(self, person: Person, *about: str) -> list[str]:
        """Open all that somebody may read; give the paths of which `consultation` does not tell that they did.

        `about`: parameters of paths that lead to a request, which the trace must name.
        """
        (database,) = self._databases
        missed = []
        for call in calls(self._app, self._foreign, person):
            if call.changes or not (await self.send(call, person)).is_success:
                continue
            path = call.path + self._foreign.queries.get(call.template, "")
            rows = await database.fetch("SELECT request_id FROM consultation WHERE path = $1", path)
            named = any(f"{{{name}}}" in call.template for name in about)
            if not rows or (named and all(row["request_id"] is None for row in rows)):
                missed.append(path)
        return missed

    async def send(self, call: Call, person: Person) -> httpx2.Response:
        """Send a call."""
        self._client.cookies.clear()
        query = self._foreign.queries.get(call.template, "")
        if call.of_the_api:
            headers = {"Authorization": f"Bearer {person.token}"} if person.token else {}
            sent = await self._body(call) if call.changes else {}
            return await self._client.request(call.method, call.path + query, headers=headers, **sent)
        for name, value in person.cookies.items():
            self._client.cookies.set(name, value)
        if not call.changes:
            return await self._client.request(call.method, call.path + query)
        csrf = await self._with_csrf_token()
        fields = {**self._foreign.form, **self._foreign.bodies.get(call.route, {}), "_csrf_token": csrf}
        files = {name: value for name, value in fields.items() if isinstance(value, tuple)}
        data = {name: value for name, value in fields.items() if name not in files}
        return await self._client.post(call.path + query, data=data, files=files or None)

    async def _with_csrf_token(self) -> str:
        """Set the cookie that every form is compared with; give what the form then carries."""
        if not self._csrf:
            await self._client.get("/connexion/retour")
            self._csrf = next((name, value) for name, value in self._client.cookies.items() if name.endswith("_csrf"))
        self._client.cookies.set(*self._csrf)
        return self._csrf[1]

    async def _body(self, call: Call) -> Json:
        given = self._foreign.bodies.get(call.route)
        if isinstance(given, tuple):
            return {"files": {given[0]: given[1]}}
        if given is not None:
            return {"json": given}
        if not self._described:
            self._described = (await self._client.get("/api/v1/openapi.json")).json()
        operation = self._described["paths"][call.template][call.method.lower()]
        schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        return {"json": self._example(schema)} if schema is not None else {}

    def _example(self, schema: Json, name: str = "") -> Any:
        """Make a value that a JSON schema allows, of the least that it asks for; a field of `form` has that value."""
        while any(key in schema for key in _ELSEWHERE):
            if "$ref" in schema:
                schema = self._described["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
            else:
                schema = next(schema[key][0] for key in _ELSEWHERE if key in schema)
        kind = schema.get("type", "object")
        if kind not in {"object", "array"} and name in self._foreign.form:
            return self._foreign.form[name]
        if "enum" in schema or "const" in schema:
            return schema.get("enum", [schema.get("const")])[0]
        if kind == "object":
            known = schema.get("properties", {})
            return {key: self._example(known[key], key) for key in schema.get("required", ()) if key in known}
        if kind == "array":
            return [self._example(schema["items"], name)] * max(1, schema.get("minItems", 1))
        plain = {"integer": schema.get("minimum", 1), "number": schema.get("minimum", 1), "boolean": True}
        return plain.get(kind, _TEXTS.get(schema.get("format", ""), "Un texte assez long."))

    async def _contents(self) -> set[tuple[str, str]]:
        """Give what every table holds, as a hash."""
        found = set()
        for database in self._databases:
            tables = await database.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
            hashes = [
                f"SELECT '{row['tablename']}' AS name, md5(string_agg(t::text, '|' ORDER BY t::text)) AS hash "
                f'FROM "{row["tablename"]}" AS t'
                for row in tables
                if row["tablename"] not in WITHOUT_DATA
            ]
            found |= {(row["name"], row["hash"] or "") for row in await database.fetch(" UNION ALL ".join(hashes))}
        return found


_ELSEWHERE: Final = ("$ref", "oneOf", "anyOf", "allOf")
_TEXTS: Final = {"date": "2026-12-15", "date-time": "2026-12-15T10:00:00Z", "email": "quelqu.un@ailleurs.test"}


def _said(answer: httpx2.Response) -> str:
    """Give a status, and of a problem what it says."""
    of_a_problem = "problem+json" in answer.headers.get("content-type", "")
    return f"{answer.status_code} {answer.text[-300:] if of_a_problem else ''}"


def _goes_on(answer: httpx2.Response) -> bool:
    return answer.is_redirect and not answer.headers["location"].startswith("/connexion")


def _refuses(answer: httpx2.Response, person: Person, *, names_something: bool) -> bool:
    """Tell whether an answer keeps what it must; a list without anything foreign in it may be read."""
    if answer.status_code in {403, 404, 405}:
        return True
    if not person.token and not person.cookies:
        return answer.status_code == 401 or (answer.is_redirect and not _goes_on(answer))
    return answer.is_success and not names_something
