"""Sign-in and sign-out of agents by OpenID Connect: `/connexion`, `/connexion/retour`, `/deconnexion`."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any, Final
from urllib.parse import quote, urlsplit

import structlog
from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter
from litestar.response import Redirect, Template

from shared import clock
from shared.db import Database
from shared.identity import store
from shared.settings import ServiceSettings
from shared.web import sessions
from shared.web.encrypted_tokens import TokenCipher
from shared.web.oidc import OidcClient, SignedIn, SignInAttempt, SignInFailed
from shared.web.pages import redirect, render
from shared.web.problems import LONGEST, SIGN_IN

log = structlog.get_logger(__name__)

RETURN: Final = f"{SIGN_IN}/retour"
SIGN_OUT: Final = "/deconnexion"
SIGNED_OUT: Final = f"{SIGN_OUT}/faite"
ATTEMPT_LASTS: Final = timedelta(minutes=15)
SIGN_OUT_LASTS: Final = timedelta(minutes=1)
ID_TOKEN: Final = "id_token"  # noqa: S105 - the name of a key


def routes(settings: ServiceSettings, database: Database, *, name: str) -> list[HTTPRouteHandler]:
    """Make the routes by which agents of one service sign in and out."""
    provider = OidcClient(
        settings, redirect_uri=settings.public_url + RETURN, after_sign_out=settings.public_url + SIGNED_OUT
    )
    secret = settings.secret_key.get_secret_value()
    attempts, sign_outs = (
        TokenCipher(secret, purpose=f"{name} sign-in"),
        TokenCipher(secret, purpose=f"{name} sign-out"),
    )
    lifetime = timedelta(hours=settings.session_hours)

    def cookie(key: str, value: str, lasts: timedelta, path: str) -> Cookie:
        return Cookie(
            key=key,
            value=value,
            max_age=int(lasts.total_seconds()),
            path=path,
            secure=settings.secure,
            httponly=True,
            samesite="lax",
        )

    @get(SIGN_IN, public=True)
    async def leave(to: Annotated[str, QueryParameter(name="next", max_length=LONGEST)] = "/") -> Redirect:
        url, attempt = await provider.start()
        held = attempts.encrypt({**asdict(attempt), "next": local_path(to)}, at=clock.now(), lifetime=ATTEMPT_LASTS)
        return Redirect(
            url, status_code=303, cookies=[cookie(_attempt_key(name, attempt.state), held, ATTEMPT_LASTS, SIGN_IN)]
        )

    @get(RETURN, public=True)
    async def come_back(
        request: Request[Any, Any, Any],
        answered: Annotated[str, QueryParameter(name="state", max_length=LONGEST)] = "",
        code: Annotated[str, QueryParameter(max_length=LONGEST)] = "",
    ) -> Response[Any]:
        key = _attempt_key(name, answered)
        held = attempts.decrypt(request.cookies.get(key, ""), at=clock.now()) if answered else None
        used = cookie(key, "", timedelta(0), SIGN_IN)
        if held is None or held["state"] != answered or not code:
            log.info("signin.not_completed", known=held is not None, coded=bool(code))
            return _again(request, settings, held["next"] if held else "/", used if held else None)
        attempt = SignInAttempt(held["state"], held["nonce"], held["verifier"])
        try:
            someone = await provider.finish(attempt, code)
        except SignInFailed:
            return _again(request, settings, held["next"], used)
        response = await _let_in(request, database, someone, lifetime=lifetime, to=held["next"])
        response.cookies.append(used)
        return response

    @post(SIGN_OUT, public=True, status_code=303)
    async def sign_out(request: Request[Any, Any, Any]) -> Redirect:
        id_token = request.session.get(ID_TOKEN)
        await sessions.end(request, database)
        log.info("signin.signed_out")
        onward = await provider.sign_out_url(id_token) if id_token else None
        answer = redirect(SIGNED_OUT)
        if onward is not None:
            held = sign_outs.encrypt({"url": onward}, at=clock.now(), lifetime=SIGN_OUT_LASTS)
            answer.cookies.append(cookie(_sign_out_key(name), held, SIGN_OUT_LASTS, SIGN_OUT))
        return answer

    @get(SIGNED_OUT, public=True)
    async def signed_out(request: Request[Any, Any, Any]) -> Template:
        """Confirm the sign-out, and continue to the provider's own.

        With a `Refresh` header, not a redirect: the content security policy limits form targets to this service, and
        the provider redirects to addresses that are not known here.
        """
        page = render(request, "signin/signed_out.html")
        held = sign_outs.decrypt(request.cookies.get(_sign_out_key(name), ""), at=clock.now())
        if held is not None:
            page.headers["Refresh"] = f"0; url={held['url']}"
            page.cookies.append(cookie(_sign_out_key(name), "", timedelta(0), SIGN_OUT))
        return page

    return [leave, come_back, sign_out, signed_out]


async def _let_in(
    request: Request[Any, Any, Any], database: Database, someone: SignedIn, *, lifetime: timedelta, to: str
) -> Response[Any]:
    """Create a session for the agent that this person is; unknown persons get a page, not an account."""
    async with database.transaction() as tx:
        agent = await store.recognise(tx, someone.person)
    if agent is None:
        log.info("signin.unknown_agent")
        return render(request, "signin/unknown.html", status_code=403, email=someone.person.email)
    await sessions.start(request, database, agent, lifetime=lifetime, data={ID_TOKEN: someone.id_token})
    log.info("signin.succeeded", agent_id=str(agent.id))
    return redirect(to)


def _again(request: Request[Any, Any, Any], settings: ServiceSettings, to: str, used: Cookie | None) -> Template:
    """Return the sign-in page after an attempt that was cancelled, expired or not proven."""
    page = render(
        request,
        "signin/choose.html",
        status_code=400,
        next=to,
        provider_name=settings.oidc_provider_name,
        signin_href=f"{SIGN_IN}?next={quote(to, safe='')}",
        flash=[("warning", SignInFailed.sentence)],
    )
    if used is not None:
        page.cookies.append(used)
    return page


def local_path(wanted: str) -> str:
    """Return a path for the redirect after sign-in if it is local, else "/" (no open redirect)."""
    parts = urlsplit(wanted)
    ours = wanted.startswith("/") and not wanted.startswith("//") and not parts.scheme and not parts.netloc
    clean = all(" " < letter != "\\" for letter in wanted) and wanted.isprintable()
    return wanted if ours and clean else "/"


def _attempt_key(name: str, state: str) -> str:
    """Name the cookie of one attempt, so that two tabs may sign in at once."""
    tag = "".join(letter for letter in state[:12] if letter.isalnum())
    return f"cousu_{name}_signin_{tag}"


def _sign_out_key(name: str) -> str:
    return f"cousu_{name}_signout"
