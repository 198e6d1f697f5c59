"""What programs are told when something is refused."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
from litestar import Litestar
from pydantic import SecretStr

from shared import clock
from shared.db import Database
from shared.identity import store
from shared.identity.model import Agent, Role
from shared.readiness import Degraded
from shared.settings import ServiceSettings
from shared.web import well_known

Browse = Callable[[Litestar], httpx2.AsyncClient]
Make = Callable[..., Litestar]


def problem(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """Check that the answer is a problem document and give it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    document: dict[str, Any] = answer.json()
    assert document["status"] == status
    assert document["code"] == code
    assert document["type"].endswith(code)
    assert document["title"].isascii()
    assert document["detail"].endswith(".")
    assert document["request_id"] == answer.headers["x-request-id"]
    return document


async def test_a_route_without_a_mark_is_closed_to_strangers(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/api/v1/things")
    problem(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_route_that_never_asks_who_is_there_is_closed_all_the_same(
    client: httpx2.AsyncClient, bearer: dict[str, str]
) -> None:
    assert (await client.get("/forgotten")).status_code == 303
    problem(await client.get("/api/v1/forgotten"), 401, "unauthenticated")
    assert (await client.get("/api/v1/forgotten", headers=bearer)).text == "secret"


async def test_a_token_acts_as_its_agent(client: httpx2.AsyncClient, bearer: dict[str, str]) -> None:
    answer = await client.get("/api/v1/things", headers=bearer)
    assert answer.status_code == 200
    assert answer.json()["items"][0]["agent"] == "sat95@cousu.test"


async def test_an_unknown_token_is_refused(client: httpx2.AsyncClient) -> None:
    problem(await client.get("/api/v1/things", headers={"Authorization": "Bearer nothing"}), 401, "bad_token")


async def test_an_expired_token_is_refused(client: httpx2.AsyncClient, database: Database, agent: Agent) -> None:
    past = clock.now() - timedelta(days=2)
    async with database.transaction() as tx:
        token = await store.issue_token(tx, agent_id=agent.id, name="old", at=past, expires_at=past + timedelta(days=1))
    problem(await client.get("/api/v1/things", headers={"Authorization": f"Bearer {token}"}), 401, "bad_token")


async def test_a_revoked_token_is_refused_at_once(
    client: httpx2.AsyncClient, database: Database, agent: Agent, bearer: dict[str, str]
) -> None:
    assert (await client.get("/api/v1/things", headers=bearer)).status_code == 200
    async with database.transaction() as tx:
        assert await store.revoke_tokens(tx, agent_id=agent.id, at=clock.now()) == 1
    problem(await client.get("/api/v1/things", headers=bearer), 401, "bad_token")


async def test_another_role_is_refused(client: httpx2.AsyncClient, bearer: dict[str, str]) -> None:
    problem(await client.post("/api/v1/things/1/decision", headers=bearer), 403, "forbidden")


async def test_an_illegal_move_tells_the_state_and_the_allowed_actions(
    client: httpx2.AsyncClient, database: Database, agent: Agent, bearer: dict[str, str]
) -> None:
    async with database.transaction() as tx:
        await store.add_agent(
            tx,
            email=agent.email,
            name="D",
            roles=[Role.DELEGATE],
            departements=["95"],
            at=clock.now(),
        )
    document = problem(await client.post("/api/v1/things/1/decision", headers=bearer), 409, "illegal_move")
    assert document["state"] == "decided 1 D"
    assert document["allowed_actions"] == ["reopen"]


async def test_what_is_not_there_is_a_problem_too(client: httpx2.AsyncClient, bearer: dict[str, str]) -> None:
    problem(await client.get("/api/v1/missing"), 404, "not_found")
    problem(await client.get("/api/v1/nowhere"), 404, "not_found")
    answer = await client.delete("/api/v1/things", headers=bearer)
    problem(answer, 405, "method_not_allowed")
    assert "POST" in answer.headers["allow"]


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"title": None}, "title", "Un texte est attendu."),
        ({"title": ""}, "title", "Ce champ est obligatoire."),
        ({"title": "x" * 21}, "title", "Au plus 20 caractères sont acceptés."),
        ({"title": "a\u0000b"}, "", "Ce texte contient un caractère qui ne peut pas être enregistré."),
        ({"size": 6}, "size", "La valeur doit être au plus 5."),
        ({"size": "many"}, "size", "Un nombre entier est attendu."),
        ({"colour": "green"}, "colour", "Valeur non autorisée. Valeurs possibles : red ou blue."),
        ({"due_on": "2027-02-30"}, "due_on", "Cette date n’existe pas ou n’a pas la forme attendue, comme 2027-01-12."),
        ({"reference": "12"}, "reference", "Un identifiant (UUID) est attendu."),
        ({"surprise": 1}, "surprise", "Ce champ n’est pas attendu."),
    ],
)
async def test_a_field_that_is_wrong_is_told_in_french(
    client: httpx2.AsyncClient, bearer: dict[str, str], change: dict[str, Any], field: str, message: str
) -> None:
    answer = await client.post("/api/v1/things", headers=bearer, json={"title": "ok"} | change)
    document = problem(answer, 400, "invalid")
    assert document["errors"] == [{"field": field, "message": message}]


async def test_every_wrong_field_is_told_at_once(client: httpx2.AsyncClient, bearer: dict[str, str]) -> None:
    answer = await client.post("/api/v1/things", headers=bearer, json={"size": 0, "colour": 3})
    document = problem(answer, 400, "invalid")
    assert {error["field"] for error in document["errors"]} == {"title", "size", "colour"}


@pytest.mark.parametrize(
    "body", [b"{", b"", b"[1, 2", b'{"title": "\xff"}', b"NaN", b"[" * 20_000, b'{"title":' * 20_000]
)
async def test_a_body_that_is_not_json_is_refused(
    client: httpx2.AsyncClient, bearer: dict[str, str], body: bytes
) -> None:
    answer = await client.post("/api/v1/things", headers={**bearer, "Content-Type": "application/json"}, content=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] in {"malformed", "invalid"}


async def test_a_body_of_another_type_is_refused(client: httpx2.AsyncClient, bearer: dict[str, str]) -> None:
    answer = await client.post("/api/v1/things", headers=bearer, data={"title": "x"})
    assert "application/json" in problem(answer, 415, "unsupported_content")["detail"]


async def test_a_body_that_is_too_large_is_refused(client: httpx2.AsyncClient, bearer: dict[str, str]) -> None:
    answer = await client.post("/api/v1/things", headers=bearer, json={"title": "x" * 1_100_000})
    problem(answer, 413, "too_large")


@pytest.mark.parametrize(
    ("query", "field", "message"),
    [
        ("page=0", "page", "La valeur doit être au moins 1."),
        ("page=two", "page", "Un nombre entier est attendu."),
        ("per_page=201", "per_page", "La valeur doit être au plus 200."),
    ],
)
async def test_a_page_that_cannot_be_is_refused(
    client: httpx2.AsyncClient, bearer: dict[str, str], query: str, field: str, message: str
) -> None:
    document = problem(await client.get(f"/api/v1/things?{query}", headers=bearer), 400, "invalid")
    assert document["errors"] == [{"field": field, "message": message}]


async def test_a_choice_that_is_none_names_those_there_are(client: httpx2.AsyncClient) -> None:
    document = problem(await client.get("/api/v1/number?n=1&colour=pink"), 400, "invalid")
    told = "Valeur non autorisée. Valeurs possibles : red, green ou blue."
    assert document["errors"] == [{"field": "colour", "message": told}]


async def test_a_parameter_that_is_missing_is_named(client: httpx2.AsyncClient) -> None:
    document = problem(await client.get("/api/v1/database"), 400, "invalid")
    assert document["errors"] == [{"field": "q", "message": "Ce paramètre est obligatoire."}]


async def test_a_list_comes_by_pages(client: httpx2.AsyncClient, bearer: dict[str, str]) -> None:
    answer = (await client.get("/api/v1/things?page=3&per_page=50", headers=bearer)).json()
    assert (len(answer["items"]), answer["total"], answer["page"]) == (20, 120, 3)


async def test_text_that_the_database_cannot_hold_is_no_error_of_ours(client: httpx2.AsyncClient) -> None:
    problem(await client.get("/api/v1/database?q=%00"), 400, "invalid")
    problem(await client.get("/api/v1/number?n=99999999999"), 400, "invalid")
    assert (await client.get("/api/v1/number?n=9")).json() == {"answer": 9}


async def test_an_unexpected_error_says_nothing_of_what_happened(
    client: httpx2.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = await client.get("/api/v1/broken")
    problem(answer, 500, "unexpected")
    assert "camille" not in answer.text
    told = capsys.readouterr()
    assert "http.unexpected" in told.out + told.err
    assert "camille" not in told.out + told.err


async def test_a_database_that_is_away_is_503_and_comes_back(
    client: httpx2.AsyncClient,
    make_application: Make,
    browse: Browse,
    fresh_database: Callable[[str], Awaitable[Any]],
    bearer: dict[str, str],
) -> None:
    other = await Database.connect((await fresh_database("shared")).app_url, name="test")
    away = browse(make_application(on=other))
    assert (await away.get("/health/ready")).status_code == 200
    await other.close()
    answer = await away.get("/api/v1/database?q=hello", headers=bearer)
    problem(answer, 503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0
    ready = await away.get("/health/ready")
    assert problem(ready, 503, "not_ready")["missing"] == ["database: InterfaceError"]
    assert (await away.get("/health/live")).status_code == 200
    assert (await client.get("/health/ready")).status_code == 200


async def test_ready_names_what_is_missing(make_application: Make, browse: Browse) -> None:
    async def broker() -> str | None:
        return "broker: no leader"

    async def slow() -> str | None:
        raise OSError

    answer = await browse(make_application(ready=[broker, slow])).get("/health/ready")
    assert problem(answer, 503, "not_ready")["missing"] == ["broker: no leader", "slow: OSError"]


async def test_what_all_copies_share_is_told_and_takes_none_of_them_out_of_service(
    make_application: Make, browse: Browse
) -> None:
    async def relay() -> str | None:
        return Degraded("relay: no leader")

    answer = await browse(make_application(ready=[relay])).get("/health/ready")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready", "degraded": ["relay: no leader"]})

    async def consumer() -> str | None:
        return "rabbitmq: not consuming yet"

    answer = await browse(make_application(ready=[relay, consumer])).get("/health/ready")
    assert problem(answer, 503, "not_ready")["missing"] == ["rabbitmq: not consuming yet"]


async def test_strangers_read_no_figures_and_not_what_is_missing(make_application: Make) -> None:
    async def broker() -> str | None:
        return "broker: no leader"

    application = make_application(ready=[broker], monitoring_networks=["10.20.0.0/16"])
    for address, watches in (
        ("192.0.2.7", False),
        ("127.0.0.1", False),
        ("10.20.3.4", True),
        ("::ffff:10.20.3.4", True),
    ):
        transport = httpx2.ASGITransport(app=application, client=(address, 1))  # type: ignore[arg-type] # as elsewhere
        async with httpx2.AsyncClient(transport=transport, base_url="http://service") as somebody:
            assert (await somebody.get("/metrics")).status_code == (200 if watches else 404)
            told = problem(await somebody.get("/health/ready"), 503, "not_ready")
            assert told.get("missing") == (["broker: no leader"] if watches else None)


async def test_whoever_comes_without_an_address_watches_nothing(make_application: Make) -> None:
    async def broker() -> str | None:
        return "broker: no leader"

    transport = httpx2.ASGITransport(app=make_application(ready=[broker]), client=None)  # type: ignore[arg-type] # a socket of the file system
    async with httpx2.AsyncClient(transport=transport, base_url="http://service") as somebody:
        assert (await somebody.get("/metrics")).status_code == 404
        assert "missing" not in problem(await somebody.get("/health/ready"), 503, "not_ready")


async def test_too_many_requests_from_one_address_are_refused_and_others_are_not(
    make_application: Make, browse: Browse
) -> None:
    client = browse(make_application(requests_per_minute=3))
    answers = await asyncio.gather(*(client.get("/api/v1/missing") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [404, 404, 404, 429]
    refused = await client.get("/api/v1/missing")
    problem(refused, 429, "too_many_requests")
    assert 1 <= int(refused.headers["retry-after"]) <= 20
    assert (await client.get("/health/live")).status_code == 200


async def test_the_api_describes_itself(client: httpx2.AsyncClient) -> None:
    described = (await client.get("/api/v1/openapi.json")).json()
    assert set(described["paths"]) >= {"/api/v1/things", "/api/v1/missing"}
    assert not any(path.startswith(("/things", "/connexion", "/static")) for path in described["paths"])
    create = described["paths"]["/api/v1/things"]["post"]
    assert create["security"] == [{"bearer": []}]
    assert described["paths"]["/api/v1/missing"]["get"]["security"] == []
    assert create["responses"]["400"]["content"]["application/problem+json"]["schema"]["$ref"].endswith("Problem")
    assert described["components"]["schemas"]["NewThing"]["additionalProperties"] is False
    assert "additionalProperties" not in described["components"]["schemas"]["Thing"]
    listed = {p["name"] for p in described["paths"]["/api/v1/things"]["get"]["parameters"]}
    assert listed == {"page", "per_page"}
    assert described["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


async def test_a_caller_who_hangs_up_is_no_error_of_ours(
    make_application: Make, bearer: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    events = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])
    sent: list[Any] = []

    async def receive() -> Any:
        return next(events)

    async def send(message: Any) -> None:
        sent.append(message)

    scope: Any = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/things",
        "raw_path": b"/api/v1/things",
        "query_string": b"",
        "headers": [(b"host", b"x"), *((k.lower().encode(), v.encode()) for k, v in bearer.items())],
        "client": ("127.0.0.1", 1),
        "scheme": "http",
        "server": ("127.0.0.1", 1),
    }
    await make_application()(scope, receive, send)
    assert sent[0]["status"] == 400
    assert "http.unexpected" not in capsys.readouterr().out


async def test_metrics_count_by_route_not_by_address(client: httpx2.AsyncClient, bearer: dict[str, str]) -> None:
    await client.post("/api/v1/things/42/decision", headers=bearer)
    text = (await client.get("/metrics")).text
    assert 'route="/api/v1/things/{number}/decision"' in text
    assert "things/42" not in text


async def test_the_first_error_of_ours_is_counted_from_nothing(make_application: Make, browse: Browse) -> None:
    client = browse(make_application(name="faulty"))
    counted = 'cousu_http_failures_total{service="faulty"}'
    await client.get("/api/v1/missing")
    assert f"{counted} 0.0" in (await client.get("/metrics")).text
    await client.get("/api/v1/broken")
    assert f"{counted} 1.0" in (await client.get("/metrics")).text


async def test_a_stream_is_as_slow_as_its_beginning(make_application: Make, browse: Browse) -> None:
    client = browse(make_application(name="streaming"))
    began = time.monotonic()
    assert "Bonjour" in (await client.get("/api/v1/stream")).text
    altogether = time.monotonic() - began
    text = (await client.get("/metrics")).text
    took = re.search(r'_seconds_sum\{route="/api/v1/stream",service="streaming"\} (\S+)', text)
    assert took is not None
    assert altogether - float(took[1]) > 1.4, "what it waits for after its beginning is not counted"


async def test_a_request_keeps_the_id_and_the_trace_it_came_with(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/api/v1/missing", headers={"X-Request-ID": "caller-0001"})
    assert answer.headers["x-request-id"] == "caller-0001"
    forged = await client.get("/api/v1/missing", headers={"X-Request-ID": "a b\tc"})
    assert forged.headers["x-request-id"] != "a b\tc"


@pytest.mark.parametrize("path", ["/", "/api/v1/missing", "/nowhere", "/api/v1/nowhere"])
async def test_every_answer_has_strict_headers(client: httpx2.AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers
    assert "unsafe" not in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "strict-transport-security" not in headers


async def test_https_is_remembered_by_browsers(make_application: Make, browse: Browse) -> None:
    answer = await browse(make_application(public_url="https://demandes.exemple.fr")).get("/")
    assert "max-age=" in answer.headers["strict-transport-security"]
    assert "__Host-cousu_trial_csrf" in answer.headers["set-cookie"]
    assert "Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize("name", ["x%00", "x" * 256, "%F0%9F%92%A9" * 80, ".", "..%2f..%2fetc/passwd"])
async def test_a_static_file_that_cannot_exist_is_not_found(client: httpx2.AsyncClient, name: str) -> None:
    assert (await client.get(f"/static/{name}")).status_code == 404


async def test_a_file_that_the_browser_has_is_not_sent_again(client: httpx2.AsyncClient) -> None:
    first = await client.get("/static/cousu.css")
    tag = first.headers["etag"]
    for known in (tag, f'"other", {tag}', f"W/{tag.removeprefix('W/')}"):
        again = await client.get("/static/cousu.css", headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b""), known
        assert (again.headers["etag"], again.headers["cache-control"]) == (tag, "no-cache")
    changed = await client.get("/static/cousu.css", headers={"If-None-Match": '"other"'})
    assert (changed.status_code, changed.content) == (200, first.content)
    assert (await client.get("/static/none.css", headers={"If-None-Match": "*"})).status_code == 404


async def test_what_every_site_is_asked_for_is_there(client: httpx2.AsyncClient) -> None:
    robots = await client.get("/robots.txt")
    assert (robots.status_code, robots.text) == (200, "User-agent: *\nDisallow: /\n")
    icon = await client.get("/favicon.ico")
    assert icon.headers["location"].startswith("/static/icon.svg?v=")
    assert (await client.get("/.well-known/security.txt")).status_code == 404


async def test_a_service_for_everybody_says_what_robots_may_read_and_who_is_told_of_a_flaw() -> None:
    settings = ServiceSettings(
        database_url=SecretStr(""),
        port=1,
        public_url="https://demandes.example",
        secret_key=SecretStr("s" * 32),
        security_contact="mailto:securite@example.fr",
    )
    application = Litestar(well_known.routes(settings, public=True), openapi_config=None)
    transport = httpx2.ASGITransport(app=application)  # type: ignore[arg-type] # Litestar's scopes are narrower
    async with httpx2.AsyncClient(transport=transport, base_url=settings.public_url) as client:
        robots = (await client.get("/robots.txt")).text.splitlines()
        told = dict(line.split(": ", 1) for line in (await client.get("/.well-known/security.txt")).text.splitlines())
    assert "Disallow: /suivi/" in robots
    assert "Disallow: /" not in robots
    assert told["Contact"] == "mailto:securite@example.fr"
    until = datetime.fromisoformat(told["Expires"]) - clock.now()
    assert timedelta(days=150) < until < timedelta(days=365)


async def test_static_files_are_kept_by_browsers_only_under_their_hash(client: httpx2.AsyncClient) -> None:
    kept = await client.get("/static/cousu.css?v=0123456789abcdef")
    assert kept.status_code == 200
    assert "immutable" in kept.headers["cache-control"]
    assert "set-cookie" not in kept.headers
    assert (await client.get("/static/cousu.css")).headers["cache-control"] == "no-cache"
    assert (await client.get("/static/nothing.css?v=0")).headers["cache-control"] == "no-store"
