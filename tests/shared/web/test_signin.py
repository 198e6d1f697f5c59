"""Signing in, with a lenient provider and with one that refuses all that ProConnect refuses."""

import asyncio
import hashlib
import os
import secrets
import signal
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from litestar import Litestar, Request, Response, get, post
from litestar.response import Redirect
from playwright.async_api import Browser

from shared import clock
from shared.db import Database
from shared.identity import store
from shared.identity.model import Agent
from shared.settings import ServiceSettings
from shared.web.server import serve
from shared.web.signin import local_path
from tests.polling import eventually

Browse = Callable[[Litestar], httpx2.AsyncClient]
Make = Callable[..., Litestar]

HOME = "http://127.0.0.1:8999"
CREDENTIALS = {"oidc_client_id": "cousu", "oidc_client_secret": "agreed-between-us"}


class StrictProvider:
    """A provider that knows one person and refuses every parameter that it does not expect."""

    def __init__(self) -> None:
        self.issuer = ""
        self.home = HOME
        self.person: dict[str, Any] = {"sub": "person-1", "email": "SAT95@cousu.test"}
        self.key = self._new_key()
        self.signing_key = self.key
        self.codes: dict[str, dict[str, str]] = {}
        self.changes: dict[str, Any] = {}
        self.plain_userinfo = False
        self.complaints: list[str] = []

    @staticmethod
    def _new_key() -> RSAKey:
        return RSAKey.generate_key(2048, parameters={"kid": secrets.token_hex(4), "alg": "RS256", "use": "sig"})

    def change_key(self) -> None:
        """Sign with another key from now on, as providers do now and then."""
        self.key = self.signing_key = self._new_key()

    def expect(self, given: dict[str, str], *names: str) -> None:
        """Refuse any other set of parameters."""
        if set(given) != set(names):
            self.complaints.append(f"{sorted(given)} instead of {sorted(names)}")
        for name in ("state", "nonce"):
            if name in names and len(given.get(name, "")) < 32:
                self.complaints.append(f"{name} is too short")

    def signed(self, claims: dict[str, Any]) -> str:
        """Sign claims as this provider."""
        base = {"iss": self.issuer, "aud": "cousu", "iat": int(time.time()), "exp": int(time.time()) + 60}
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, base | claims, self.signing_key)

    def authorize(self, asked: dict[str, str]) -> str:
        """Sign the person in at once and give the way back."""
        self.expect(
            asked,
            *("response_type", "client_id", "redirect_uri", "scope", "state", "nonce"),
            *("code_challenge", "code_challenge_method"),
        )
        assert (asked["response_type"], asked["redirect_uri"], asked["scope"]) == (
            "code",
            f"{self.home}/connexion/retour",
            "openid email",
        )
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe()
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state'], 'iss': self.issuer})}"

    def exchange(self, given: dict[str, str]) -> dict[str, Any] | None:
        """Give tokens for a code, once."""
        self.expect(given, "grant_type", "code", "redirect_uri", "client_id", "client_secret", "code_verifier")
        asked = self.codes.pop(given["code"], None)
        challenge = hashlib.sha256(given["code_verifier"].encode()).digest()
        if asked is None or urlsafe_b64encode(challenge).rstrip(b"=").decode() != asked["code_challenge"]:
            return None
        assert given["client_secret"] == "agreed-between-us"
        proof = {"sub": self.person["sub"], "nonce": asked["nonce"]} | self.changes
        return {"access_token": "open", "token_type": "Bearer", "expires_in": 60, "id_token": self.signed(proof)}

    def application(self) -> Litestar:
        """Serve it."""

        @get("/.well-known/openid-configuration")
        async def describe() -> dict[str, str]:
            return {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "jwks_uri": f"{self.issuer}/jwks",
                "end_session_endpoint": f"{self.issuer}/session/end",
            }

        @get("/authorize")
        async def authorize(request: Request[Any, Any, Any]) -> Redirect:
            return Redirect(self.authorize(dict(request.query_params.items())), status_code=303)

        @post("/token")
        async def token(request: Request[Any, Any, Any]) -> Response[Any]:
            given = self.exchange({name: str(value) for name, value in (await request.form()).items()})
            return Response(given or {"error": "invalid_grant"}, status_code=200 if given else 400)

        @get("/userinfo")
        async def userinfo(request: Request[Any, Any, Any]) -> Response[Any]:
            assert request.headers["authorization"] == "Bearer open"
            if self.plain_userinfo:
                return Response(self.person)
            return Response(self.signed(self.person), media_type="application/jwt")

        @get("/jwks")
        async def keys() -> dict[str, Any]:
            return {"keys": [self.key.as_dict(private=False)]}

        @get("/session/end")
        async def end(request: Request[Any, Any, Any]) -> Redirect:
            asked = dict(request.query_params.items())
            self.expect(asked, "id_token_hint", "state", "post_logout_redirect_uri")
            return Redirect(f"{asked['post_logout_redirect_uri']}?state={asked['state']}", status_code=303)

        return Litestar([describe, authorize, token, userinfo, keys, end], openapi_config=None)


@asynccontextmanager
async def serving(provider: StrictProvider, port: int) -> AsyncIterator[None]:
    """Let the provider answer on a port for a while."""
    provider.issuer = f"http://127.0.0.1:{port}"
    config = uvicorn.Config(provider.application(), port=port, log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await task


@pytest.fixture
async def provider(free_ports: Callable[[int], list[int]]) -> AsyncIterator[StrictProvider]:
    """A strict provider that answers."""
    strict = StrictProvider()
    async with serving(strict, free_ports(1)[0]):
        yield strict
    assert strict.complaints == []


@pytest.fixture
def browser(make_application: Make, browse: Browse, provider: StrictProvider) -> httpx2.AsyncClient:
    """A browser on a service that signs people in with the strict provider."""
    return browse(make_application(oidc_issuer=provider.issuer, **CREDENTIALS))


async def answers(url: str) -> bool:
    """Tell whether something answers there."""
    async with httpx2.AsyncClient() as outside:
        try:
            return (await outside.get(url)).status_code == 200
        except httpx2.HTTPError:
            return False


async def visit(url: str) -> str:
    """Go where the browser is sent outside the service, and tell where it is sent next."""
    async with httpx2.AsyncClient() as outside:
        answer = await outside.get(url)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def sign_in(browser: httpx2.AsyncClient, to: str = "/things") -> httpx2.Response:
    """Sign in as the person that the provider knows."""
    leaving = await browser.get("/connexion", params={"next": to})
    assert leaving.status_code == 303, leaving.text
    return await browser.get(await visit(leaving.headers["location"]))


async def sign_out(browser: httpx2.AsyncClient) -> httpx2.Response:
    """Press the button."""
    token = (await browser.get("/")).text.partition('name="_csrf_token" value="')[2].partition('"')[0]
    return await browser.post("/deconnexion", data={"_csrf_token": token})


async def test_an_agent_signs_in_and_comes_back_to_where_he_was(browser: httpx2.AsyncClient, agent: Agent) -> None:
    closed = await browser.get("/things?state=open")
    leaving = await browser.get(closed.headers["location"])
    back = await browser.get(await visit(leaving.headers["location"]))
    assert (back.status_code, back.headers["location"]) == (303, "/things?state=open")
    assert agent.email in (await browser.get("/things")).text
    assert not any("signin" in name for name in browser.cookies)


async def test_somebody_nobody_created_is_told_so_and_stays_unknown(
    browser: httpx2.AsyncClient, database: Database
) -> None:
    answer = await sign_in(browser)
    assert answer.status_code == 403
    assert "aucun accès n’a été créé" in answer.text
    assert await database.fetchval("SELECT count(*) FROM agent") == 0
    assert await database.fetchval("SELECT count(*) FROM web_session") == 0
    assert (await browser.get("/things")).status_code == 303


async def test_after_the_first_sign_in_only_the_subject_counts(
    browser: httpx2.AsyncClient, provider: StrictProvider, agent: Agent
) -> None:
    assert (await sign_in(browser)).status_code == 303
    provider.person = {"sub": "person-1", "email": "married@cousu.test"}
    assert (await sign_in(browser)).status_code == 303
    assert agent.email in (await browser.get("/things")).text
    provider.person = {"sub": "person-2", "email": agent.email}
    assert (await sign_in(browser)).status_code == 403


async def test_an_address_that_is_not_verified_opens_nothing(
    browser: httpx2.AsyncClient, provider: StrictProvider, agent: Agent
) -> None:
    provider.person = {"sub": "person-1", "email": agent.email, "email_verified": False}
    assert (await sign_in(browser)).status_code == 403


async def test_a_provider_that_must_say_verified_and_does_not_opens_nothing(
    make_application: Make, browse: Browse, provider: StrictProvider, agent: Agent
) -> None:
    wary = browse(make_application(oidc_issuer=provider.issuer, oidc_emails_are_verified=False, **CREDENTIALS))
    assert (await sign_in(wary)).status_code == 403
    provider.person = {"sub": "person-1", "email": agent.email, "email_verified": True}
    assert (await sign_in(wary)).status_code == 303


async def test_userinfo_may_be_plain(browser: httpx2.AsyncClient, provider: StrictProvider, agent: Agent) -> None:
    provider.plain_userinfo = True
    assert (await sign_in(browser)).headers["location"] == "/things"
    assert agent.email in (await browser.get("/things")).text


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": "n" * 43},
        {"aud": "somebody-else"},
        {"iss": "https://evil.example"},
        {"exp": 1_000_000_000},
        {"sub": "person-2"},
    ],
    ids=str,
)
@pytest.mark.usefixtures("agent")
async def test_a_proof_that_does_not_hold_is_refused(
    browser: httpx2.AsyncClient, provider: StrictProvider, changes: dict[str, Any]
) -> None:
    provider.changes = changes
    answer = await sign_in(browser)
    assert answer.status_code == 400
    assert "La connexion n’a pas abouti" in answer.text
    assert (await browser.get("/things")).status_code == 303


@pytest.mark.usefixtures("agent")
async def test_a_signature_by_another_key_is_refused(browser: httpx2.AsyncClient, provider: StrictProvider) -> None:
    provider.signing_key = RSAKey.generate_key(2048)
    assert (await sign_in(browser)).status_code == 400


@pytest.mark.usefixtures("agent")
async def test_a_provider_may_change_its_keys(
    browser: httpx2.AsyncClient, provider: StrictProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await sign_in(browser)).status_code == 303
    provider.change_key()
    monkeypatch.setattr("shared.web.oidc.ASK_AGAIN_AFTER", 0)
    assert (await sign_in(browser)).status_code == 303


@pytest.mark.usefixtures("agent")
async def test_an_answer_to_another_browser_is_refused(
    browser: httpx2.AsyncClient, make_application: Make, browse: Browse, provider: StrictProvider
) -> None:
    leaving = await browser.get("/connexion")
    back = await visit(leaving.headers["location"])
    victim = browse(make_application(oidc_issuer=provider.issuer, **CREDENTIALS))
    assert (await victim.get(back)).status_code == 400
    assert (await victim.get("/things")).status_code == 303


@pytest.mark.usefixtures("agent")
async def test_a_code_counts_once(browser: httpx2.AsyncClient) -> None:
    leaving = await browser.get("/connexion")
    back = await visit(leaving.headers["location"])
    kept = dict(browser.cookies)
    assert (await browser.get(back)).status_code == 303
    browser.cookies.update(kept)
    assert (await browser.get(back)).status_code == 400


@pytest.mark.usefixtures("agent")
async def test_two_tabs_may_sign_in_at_once(browser: httpx2.AsyncClient) -> None:
    first, second = await browser.get("/connexion?next=/a"), await browser.get("/connexion?next=/b")
    for leaving, to in ((second, "/b"), (first, "/a")):
        assert (await browser.get(await visit(leaving.headers["location"]))).headers["location"] == to


async def test_whoever_gives_up_at_the_provider_may_start_over(browser: httpx2.AsyncClient) -> None:
    leaving = await browser.get("/connexion?next=/things")
    state = parse_qs(urlsplit(leaving.headers["location"]).query)["state"][0]
    answer = await browser.get("/connexion/retour", params={"error": "access_denied", "state": state})
    assert answer.status_code == 400
    assert 'href="/connexion?next=%2Fthings"' in answer.text


@pytest.mark.usefixtures("agent")
async def test_the_session_has_another_key_after_sign_in(browser: httpx2.AsyncClient) -> None:
    await sign_in(browser)
    before = browser.cookies["cousu_trial_session"]
    await sign_in(browser)
    after = browser.cookies["cousu_trial_session"]
    assert before != after
    browser.cookies.set("cousu_trial_session", before, domain="127.0.0.1", path="/")
    assert (await browser.get("/things")).status_code == 303


@pytest.mark.usefixtures("agent")
async def test_the_cookie_is_not_what_the_database_holds(browser: httpx2.AsyncClient, database: Database) -> None:
    await sign_in(browser)
    rows = await database.fetch("SELECT * FROM web_session")
    assert browser.cookies["cousu_trial_session"] not in str([dict(row) for row in rows])


@pytest.mark.usefixtures("agent")
async def test_signing_out_ends_the_session_here_and_at_the_provider(
    browser: httpx2.AsyncClient, database: Database, provider: StrictProvider
) -> None:
    await sign_in(browser)
    key = browser.cookies["cousu_trial_session"]
    answer = await sign_out(browser)
    assert (answer.status_code, answer.headers["location"]) == (303, "/deconnexion/faite")
    assert "cousu_trial_session" not in browser.cookies
    assert await database.fetchval("SELECT count(*) FROM web_session") == 0
    browser.cookies.set("cousu_trial_session", key)
    assert (await browser.get("/things")).status_code == 303
    page = await browser.get("/deconnexion/faite")
    onward = page.headers["refresh"].removeprefix("0; url=")
    assert onward.startswith(f"{provider.issuer}/session/end?")
    assert (await visit(onward)).startswith(f"{HOME}/deconnexion/faite?state=")
    assert "refresh" not in (await browser.get("/deconnexion/faite")).headers


@pytest.mark.usefixtures("agent")
async def test_signing_out_needs_our_form(browser: httpx2.AsyncClient) -> None:
    await sign_in(browser)
    assert (await browser.post("/deconnexion")).status_code == 403
    assert (await browser.get("/things")).status_code == 200


async def test_a_provider_that_is_away_stops_neither_the_service_nor_the_next_attempt(
    make_application: Make, browse: Browse, free_ports: Callable[[int], list[int]], agent: Agent
) -> None:
    port = free_ports(1)[0]
    browser = browse(make_application(oidc_issuer=f"http://127.0.0.1:{port}", **CREDENTIALS))
    assert (await browser.get("/")).status_code == 200
    assert (await browser.get("/health/ready")).status_code == 200
    away = await browser.get("/connexion")
    assert away.status_code == 503
    assert "Le service d’identification ne répond pas" in away.text
    strict = StrictProvider()
    async with serving(strict, port):
        await sign_in(browser)
        assert agent.email in (await browser.get("/things")).text


async def test_without_a_provider_nobody_signs_in(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/connexion")).status_code == 503


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "evil.example",
        "/\t/evil.example",
        "/a\r\nSet-Cookie: x=1",
        "http:/evil.example",
        "",
    ],
)
def test_sign_in_leads_nowhere_else(wanted: str) -> None:
    assert local_path(wanted) == "/"


@pytest.mark.parametrize("wanted", ["/", "/things?state=open&q=a%20b#top", "/demandes/été"])
def test_sign_in_leads_to_our_own_pages(wanted: str) -> None:
    assert local_path(wanted) == wanted


@pytest.mark.usefixtures("agent")
async def test_an_open_redirect_is_not_followed(browser: httpx2.AsyncClient) -> None:
    assert (await sign_in(browser, "//evil.example/things")).headers["location"] == "/"


@pytest.fixture
async def lenient(free_ports: Callable[[int], list[int]]) -> AsyncIterator[str]:
    """The provider of the local run, as a process of its own."""
    port = free_ports(1)[0]
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--host", "127.0.0.1"),
        stdout=quiet,
        stderr=quiet,
    )
    issuer = f"http://127.0.0.1:{port}"

    await eventually(lambda: answers(f"{issuer}/.well-known/openid-configuration"))
    yield issuer
    process.terminate()
    await process.wait()


async def test_the_local_provider_signs_personas_in(
    make_application: Make, browse: Browse, lenient: str, agent: Agent
) -> None:
    browser = browse(make_application(oidc_issuer=lenient, **CREDENTIALS))
    leaving = await browser.get("/connexion?next=/things")
    async with httpx2.AsyncClient() as outside:
        answer = await outside.post(leaving.headers["location"], data={"sub": agent.email})
    back = await browser.get(answer.headers["location"])
    assert (back.status_code, back.headers["location"]) == (303, "/things")
    assert agent.email in (await browser.get("/things")).text


async def test_a_removed_agent_is_out_and_a_new_start_is_clean(
    browser: httpx2.AsyncClient, database: Database, agent: Agent
) -> None:
    await sign_in(browser)
    async with database.transaction() as tx:
        await store.remove_agent(tx, email=agent.email, at=clock.now())
    assert (await browser.get("/things")).status_code == 303
    assert (await sign_in(browser)).status_code == 403


@pytest.mark.browser
async def test_a_real_browser_signs_in_acts_and_signs_out(
    make_application: Make,
    make_settings: Callable[..., ServiceSettings],
    free_ports: Callable[[int], list[int]],
    provider: StrictProvider,
    agent: Agent,
    database: Database,
    chromium: Browser,
) -> None:
    port = free_ports(1)[0]
    provider.home = f"http://127.0.0.1:{port}"
    given = {"port": port, "public_url": provider.home, "oidc_issuer": provider.issuer, **CREDENTIALS}
    running = asyncio.create_task(serve(make_application(**given), make_settings(**given)))
    refused: list[str] = []
    context = await chromium.new_context()
    page = await context.new_page()
    page.on("console", lambda told: refused.append(told.text) if "Content Security Policy" in told.text else None)
    await eventually(lambda: answers(f"{provider.home}/health/live"))
    await page.goto(f"{provider.home}/things?state=open")
    assert page.url == f"{provider.home}/things?state=open"
    assert agent.email in await page.content()
    await page.fill("[name=title]", "Une mairie")
    await page.press("[name=title]", "Enter")
    await page.wait_for_url("**/things/1")
    assert await database.fetchval("SELECT title FROM thing") == "Une mairie"
    await page.goto(provider.home)
    await page.get_by_role("button", name="Se déconnecter").click()
    await page.wait_for_url(f"{provider.home}/deconnexion/faite?state=*")
    assert "Vous êtes déconnecté" in await page.content()
    assert [cookie["name"] for cookie in await context.cookies()] == ["cousu_trial_csrf"]
    await context.close()
    os.kill(os.getpid(), signal.SIGTERM)
    await running
    assert refused == []
