"""Applicants and agents as programs: what each can do through the HTTP API of a running product."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import httpx2

Json = dict[str, Any]

HTTP = httpx2.Client(timeout=30, trust_env=False)
"""One pool of connections for everybody; the fixture that stops the system closes it."""

PATIENCE = 30.0
"""Seconds until an event must have taken effect in another service."""


def eventually(ask: Callable[[], Json], holds: Callable[[Json], bool], *, within: float = PATIENCE) -> Json:
    """Ask again until the answer is as it should be; fail with the last answer."""
    until = time.monotonic() + within
    answer = ask()
    while not holds(answer):
        if time.monotonic() > until:
            raise AssertionError(f"still not so after {within:.0f} s: {answer}")
        time.sleep(0.05)
        answer = ask()
    return answer


@dataclass
class Caller:
    """Somebody with a bearer token (or none) at one service."""

    base: str
    token: str | None = None

    def ask(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """Call, and give whatever was answered."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= options.pop("headers", {})
        return HTTP.request(method, f"{self.base}/api/v1{path}", headers=headers, **options)

    def get(self, path: str, **parameters: Any) -> Json:
        """Read, and fail on anything but 200."""
        return _object(self.ask("GET", path, params=parameters), 200)

    def post(self, path: str, body: Json | None = None, *, expect: tuple[int, ...] = (200, 201)) -> Json:
        """Act, and fail on anything but success."""
        return _object(self.ask("POST", path, json=body if body is not None else {}), *expect)

    def refused(self, method: str, path: str, status: int, body: Json | None = None) -> Json:
        """Act and be refused with this status; give the problem."""
        answer = self.ask(method, path, json=body if body is not None else {})
        assert answer.headers["content-type"].startswith("application/problem+json"), answer.text
        problem = _object(answer, status)
        assert problem["code"]
        assert problem["title"]
        assert problem["detail"]
        return problem


def _object(answer: httpx2.Response, *expected: int) -> Json:
    assert answer.status_code in expected, f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text}"
    read: Json = answer.json()
    return read


@dataclass
class Applicant:
    """A collectivité with one request."""

    at: Caller
    id: str
    number: str
    tracking_url: str

    @classmethod
    def files(cls, intake: str, body: Json, *, key: str | None = None) -> Self:
        """File a request by the API."""
        door = Caller(intake)
        answer = door.ask("POST", "/requests", json=body, headers={"Idempotency-Key": key} if key else {})
        filed = _object(answer, 201)
        assert filed["status"] == "submitted"
        return cls(Caller(intake, filed["access_token"]), filed["id"], filed["number"], filed["tracking_url"])

    def sees(self) -> Json:
        """Read the tracking object."""
        return self.at.get(f"/requests/{self.id}")

    def sees_status(self, *expected: str) -> Json:
        """Wait until the request has this status."""
        return eventually(self.sees, lambda seen: seen["status"] in expected)

    def does(self, action: str, **body: Any) -> Json:
        """Send a message, information, a withdrawal or the evaluation."""
        return self.at.post(f"/requests/{self.id}/{action}", body)

    def types(self) -> list[str]:
        """List the types of the timeline, in order."""
        return [step["type"] for step in self.sees()["timeline"]]


@dataclass
class Agent:
    """An agent at one service, whose objects are cases (qualification) or escalations."""

    at: Caller
    objects: str

    def sees(self, request_id: str) -> Json:
        """Read the case or the escalation."""
        return self.at.get(f"/{self.objects}/{request_id}")

    def waits_for(self, request_id: str, *states: str) -> Json:
        """Wait until the object is there, in one of these states."""

        def ask() -> Json:
            answer = self.at.ask("GET", f"/{self.objects}/{request_id}")
            return _object(answer, 200) if answer.status_code != 404 else {"state": None}

        return eventually(ask, lambda seen: seen["state"] in states)

    def does(self, request_id: str, action: str, **body: Any) -> Json:
        """Take an action on the object."""
        return self.at.post(f"/{self.objects}/{request_id}/{action}", body)

    def is_refused(self, request_id: str, action: str, status: int, **body: Any) -> Json:
        """Try an action and be refused."""
        return self.at.refused("POST", f"/{self.objects}/{request_id}/{action}", status, body)
