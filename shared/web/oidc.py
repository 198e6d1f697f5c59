"""OpenID Connect client for sign-in with ProConnect, which refuses parameters that it does not know."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar
from urllib.parse import urlencode, urlsplit

import httpx2
import structlog
from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped] # Authlib has no types
from authlib.integrations.httpx_client import AsyncOAuth2Client  # type: ignore[import-untyped] # same
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from shared.errors import Invalid, Unavailable
from shared.identity.store import Person
from shared.settings import ServiceSettings

log = structlog.get_logger(__name__)

Value = TypeVar("Value")

SCOPE: Final = "openid email"
ALGORITHMS: Final = ("RS256", "ES256", "PS256")
"""Asymmetric signatures only: with a shared secret (HS256) the provider would not be the only signer."""
FRESH_FOR: Final = 3600.0
"""Seconds for which the provider's metadata and keys are cached."""
ASK_AGAIN_AFTER: Final = 10.0
"""Age in seconds from which cached keys are fetched again when a signature is invalid: they may have been rotated."""
TRIES: Final = 2
TIMEOUT: Final = httpx2.Timeout(5.0)
LEEWAY: Final = 60
RANDOM_BYTES: Final = 32
"""Makes states and nonces of 43 characters; ProConnect requires at least 32."""


class ProviderUnavailable(Unavailable):
    """The sign-in provider does not answer, or not as OpenID Connect requires."""

    code = "signin_unavailable"
    title = "The sign-in provider is away"
    sentence = (
        "Le service d’identification ne répond pas pour le moment. Vos données ne sont pas en cause : "
        "réessayez dans quelques instants."
    )


class SignInFailed(Invalid):
    """The provider's answer does not prove the person's identity."""

    code = "signin_failed"
    title = "Sign-in could not be completed"
    sentence = "La connexion n’a pas abouti. Recommencez depuis la page de connexion."


@dataclass(frozen=True, slots=True)
class SignInAttempt:
    """What is stored in a cookie between the redirect to the provider and the return."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person and their id token, which the provider requires at sign-out."""

    person: Person
    id_token: str


@dataclass(slots=True)
class _Cached(Generic[Value]):
    value: Value
    at: float

    def is_fresh(self) -> bool:
        return time.monotonic() - self.at <= FRESH_FOR


class OidcClient:
    """Client of one provider, called at sign-in only: a service starts and works while the provider is down."""

    def __init__(self, settings: ServiceSettings, *, redirect_uri: str, after_sign_out: str) -> None:
        self._settings = settings
        self._issuer = settings.oidc_issuer or ""
        self._redirect_uri = redirect_uri
        self._after_sign_out = after_sign_out
        self._metadata: _Cached[Mapping[str, Any]] | None = None
        self._keys: _Cached[KeySet] | None = None

    async def start(self) -> tuple[str, SignInAttempt]:
        """Return the authorization URL, and the attempt to store until the return."""
        metadata = await self._describe()
        attempt = SignInAttempt(*(secrets.token_urlsafe(RANDOM_BYTES) for _ in range(3)))
        async with self._client() as client:
            url, _ = client.create_authorization_url(
                metadata["authorization_endpoint"],
                state=attempt.state,
                nonce=attempt.nonce,
                code_verifier=attempt.verifier if self._settings.oidc_pkce else None,
            )
        return str(url), attempt

    async def finish(self, attempt: SignInAttempt, code: str) -> SignedIn:
        """Exchange the authorization code for the person; raises `SignInFailed` when the identity is not proven."""
        metadata = await self._describe()
        async with self._client() as client:
            try:
                with_verifier = {"code_verifier": attempt.verifier} if self._settings.oidc_pkce else {}
                token: Mapping[str, Any] = await client.fetch_token(
                    metadata["token_endpoint"], code=code, grant_type="authorization_code", **with_verifier
                )
                # Not by Authlib: it considers a token that lives a minute, as ProConnect's do, as expired.
                answer = await client.request(
                    "GET",
                    metadata["userinfo_endpoint"],
                    withhold_token=True,
                    headers={"Authorization": f"Bearer {token['access_token']}"},
                )
                answer.raise_for_status()
            except (AuthlibBaseError, KeyError) as refused:
                log.warning("signin.refused_by_provider", error=type(refused).__name__)
                raise SignInFailed from refused
            except httpx2.HTTPStatusError as refused:
                raise _failure(refused.response.status_code) from refused
            except (httpx2.HTTPError, ValueError) as away:
                log.warning("signin.provider_away", error=type(away).__name__)
                raise ProviderUnavailable from away
        proof = await self._read_jwt(str(token.get("id_token", "")), nonce=attempt.nonce)
        claims = await self._userinfo(answer)
        if claims.get("sub") != proof["sub"]:
            log.warning("signin.subject_differs")
            raise SignInFailed
        return SignedIn(Person(self._issuer, str(proof["sub"]), self._address(claims)), str(token["id_token"]))

    async def sign_out_url(self, id_token: str) -> str | None:
        """Return the address that signs out at the provider; None when it has none or does not answer."""
        try:
            endpoint = (await self._describe()).get("end_session_endpoint")
        except ProviderUnavailable:
            return None
        if not endpoint:
            return None
        query = urlencode(
            {
                "id_token_hint": id_token,
                "state": secrets.token_urlsafe(RANDOM_BYTES),
                "post_logout_redirect_uri": self._after_sign_out,
            }
        )
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{query}"

    def _address(self, claims: Mapping[str, Any]) -> str | None:
        """Return the person's e-mail address if the provider verified it."""
        verified = claims.get("email_verified", self._settings.oidc_emails_are_verified)
        email = claims.get("email")
        return email if verified is True and isinstance(email, str) else None

    async def _userinfo(self, answer: httpx2.Response) -> Mapping[str, Any]:
        if answer.headers.get("content-type", "").startswith("application/jwt"):
            return await self._read_jwt(answer.text, nonce=None)
        try:
            claims = answer.json()
        except ValueError as unreadable:
            raise SignInFailed from unreadable
        if not isinstance(claims, dict):
            raise SignInFailed
        return claims

    async def _read_jwt(self, token: str, *, nonce: str | None) -> Mapping[str, Any]:
        """Verify signature, issuer, audience and times, and the nonce of an id token."""
        rules: dict[str, Any] = {
            "iss": {"essential": True, "value": self._issuer},
            "aud": {"essential": True, "value": self._settings.oidc_client_id},
            "sub": {"essential": True},
        }
        if nonce is not None:
            rules |= {"exp": {"essential": True}, "nonce": {"essential": True, "value": nonce}}
        registry = jwt.JWTClaimsRegistry(leeway=LEEWAY, **rules)
        for fresh in (False, True):
            try:
                claims = jwt.decode(token, await self._key_set(fresh=fresh), algorithms=ALGORITHMS).claims
                registry.validate(claims)
            except (JoseError, ValueError) as unproven:
                if not fresh and self._keys_are_old():
                    continue
                log.warning("signin.unproven", error=type(unproven).__name__)
                raise SignInFailed from unproven
            return claims
        raise SignInFailed

    def _keys_are_old(self) -> bool:
        """Return whether the keys may have been rotated since they were fetched; limits fetches for forged tokens."""
        return self._keys is not None and time.monotonic() - self._keys.at > ASK_AGAIN_AFTER

    async def _describe(self) -> Mapping[str, Any]:
        if not self._issuer:
            raise ProviderUnavailable
        if self._metadata is not None and self._metadata.is_fresh():
            return self._metadata.value
        try:
            found = await self._ask(f"{self._issuer}/.well-known/openid-configuration")
        except ProviderUnavailable:
            if self._metadata is None:
                raise
            return self._metadata.value
        if str(found.get("issuer", "")).rstrip("/") != self._issuer:
            log.error("signin.wrong_issuer", expected=self._issuer)
            raise ProviderUnavailable
        self._metadata = _Cached(found, time.monotonic())
        return found

    async def _key_set(self, *, fresh: bool) -> KeySet:
        if fresh or self._keys is None or not self._keys.is_fresh():
            found = await self._ask((await self._describe())["jwks_uri"])
            self._keys = _Cached(KeySet.import_key_set(found), time.monotonic())  # type: ignore[arg-type] # checked by joserfc
        return self._keys.value

    async def _ask(self, url: str) -> dict[str, Any]:
        for attempt in range(1, TRIES + 1):
            try:
                async with httpx2.AsyncClient(timeout=TIMEOUT) as client:
                    answer = await client.get(url)
                    answer.raise_for_status()
                    found = answer.json()
            except (httpx2.HTTPError, ValueError) as away:
                log.warning("signin.provider_away", error=type(away).__name__, attempt=attempt)
                if attempt < TRIES:
                    await asyncio.sleep(0.2)
                continue
            if isinstance(found, dict):
                return found
        raise ProviderUnavailable

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[Any]:
        """Open Authlib's client, which has no types."""
        client = AsyncOAuth2Client(
            client_id=self._settings.oidc_client_id,
            client_secret=self._settings.oidc_client_secret.get_secret_value(),
            redirect_uri=self._redirect_uri,
            scope=SCOPE,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_post",  # noqa: S106 - the name of a method
            timeout=TIMEOUT,
        )
        try:
            yield client
        finally:
            await client.aclose()


def _failure(status: int) -> Exception:
    return ProviderUnavailable() if status >= 500 else SignInFailed()  # noqa: PLR2004 - an error of the provider
