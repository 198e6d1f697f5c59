"""Pages are walked through as a person would, and their forms are sent with anything in them: never is it a 5xx."""

import random
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urlencode, urljoin, urlsplit

import httpx2

from tests.properties.effort import LONG, MORE

SCRIPT: Final = "<script>alert(42)</script>"
HOSTILE: Final[Sequence[bytes]] = (
    b"", b" ", b"0", b"-1", b"1e400", b"NaN", b"9" * 400, b"1,5", b"12 000", b"on", b"true", b"95", b"2A", b"@",
    b"\x00", b"a\x00b", b"\x1f\x7f", b"\xff\xfe", b"\xed\xa0\x80", "é\u202e\u2028\U0001f4a9".encode(), b"x" * 20_000,
    SCRIPT.encode(), b"'; DROP TABLE journal; --", b"%s%n{0}", b"\r\nSet-Cookie: a=b", b"../../etc/passwd",
    b"//evil.test/", b"2026-02-30", b"0001-01-01", b"9999-12-31", b"00000000-0000-0000-0000-000000000000",
    b"granted", b"local_orientation", b"mairie@commune.test",
)  # fmt: skip
KEPT: Final = ("_csrf_token", "_form_key")
"""Without them a form is refused before anybody reads it."""


@dataclass
class Form:
    """A form as it stands in a page."""

    action: str
    method: str
    many_parts: bool
    fields: list[tuple[str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    """Finds what can be followed and what can be sent."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "form":
            many_parts = given.get("enctype") == "multipart/form-data"
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").upper(), many_parts))
        elif self.forms and given.get("name") and tag in {"input", "select", "textarea", "button"}:
            self.forms[-1].fields.append((given["name"], given.get("value", "")))


@dataclass
class Walk:
    """One person's walk through a service's pages; what it found wrong is in `broken`."""

    client: httpx2.AsyncClient
    chance: random.Random
    most_pages: int = 12
    times: int = 2
    """How often each form is sent, each time with other things in it."""
    broken: list[str] = field(default_factory=list)
    sent: int = 0

    async def through(self, *start: str) -> None:
        """Begin at these pages, follow what they link to, and send every form that is found."""
        left, seen, forms = deque(start), set(start), set[tuple[str, str]]()
        pages = self.most_pages * (10 if LONG else 1)
        while left and pages:
            pages -= 1
            place = left.popleft()
            answer = await self._ask("GET", place)
            for link in _read(answer).links:
                address = urlsplit(urljoin(place, link))
                target = f"{address.path}?{address.query}" if address.query else address.path
                ours = not address.netloc and address.path.startswith("/") and not address.path.startswith("/static/")
                if ours and target not in seen:
                    seen.add(target)
                    left.append(target)
            await self._ask("GET", f"{place.partition('?')[0]}?{self._query()}")
            for number, form in enumerate(_read(answer).forms):
                known = form.action or place, ",".join(name for name, _ in form.fields)
                if known not in forms and "deconnexion" not in form.action:
                    forms.add(known)
                    await self._send_all(place, number)
        assert self.sent, "no form was found"
        assert not self.broken, "\n".join(self.broken)

    async def _send_all(self, place: str, number: int) -> None:
        for _ in range(self.times * (MORE // 10 if LONG else 1)):
            forms = _read(await self._ask("GET", place)).forms  # anew: its key serves once
            if number >= len(forms):
                return
            form = forms[number]
            target = urljoin(place, form.action) if form.action else place
            values = self._filled(form)
            self.sent += 1
            if form.method == "GET":
                await self._ask("GET", f"{target.partition('?')[0]}?{urlencode(values)}")
            elif form.many_parts:
                await self._send_parts(target, values)
            else:
                kind = {"content-type": "application/x-www-form-urlencoded"}
                await self._ask("POST", target, urlencode(values).encode(), kind)

    async def _send_parts(self, target: str, values: Sequence[tuple[str, bytes]]) -> None:
        boundary = b"between-the-parts"
        parts = []
        for name, value in values:
            filename = b'; filename="plan.pdf"' if self.chance.random() < 0.4 and name not in KEPT else b""
            head = b'Content-Disposition: form-data; name="' + name.encode() + b'"' + filename
            parts.append(b"--" + boundary + b"\r\n" + head + b"\r\n\r\n" + value + b"\r\n")
        end = b"--" + boundary + self.chance.choice((b"--\r\n", b""))
        kind = {"content-type": f"multipart/form-data; boundary={boundary.decode()}"}
        await self._ask("POST", target, b"".join(parts) + end, kind)

    def _filled(self, form: Form) -> list[tuple[str, bytes]]:
        """Fill a form in: some fields as they stand, some with anything, some left out, some twice, one unknown."""
        values = [("unknown", self.chance.choice(HOSTILE))]
        for name, value in form.fields:
            if name in KEPT:
                values.append((name, value.encode()))
                continue
            for _ in range(self.chance.choice((0, 1, 1, 1, 1, 2))):
                as_it_is = value and self.chance.random() < 0.4
                values.append((name, value.encode() if as_it_is else self.chance.choice(HOSTILE)))
        return values

    def _query(self) -> str:
        names = ("page", "per_page", "q", "etat", "tri", "next", "departement", "x")
        return urlencode([(name, self.chance.choice(HOSTILE)) for name in self.chance.sample(names, 4)])

    async def _ask(
        self, method: str, place: str, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx2.Response:
        answer = await self.client.request(method, place, content=content, headers=headers)
        if answer.status_code >= 500:
            self.broken.append(f"{answer.status_code}: {method} {place[:300]} {(content or b'')[:600]!r}")
        if SCRIPT in answer.text:
            self.broken.append(f"what was typed becomes a script: {method} {place[:300]} {(content or b'')[:600]!r}")
        return answer


def _read(answer: httpx2.Response) -> _Reader:
    reader = _Reader()
    if "html" in answer.headers.get("content-type", ""):
        reader.feed(answer.text)
    return reader
