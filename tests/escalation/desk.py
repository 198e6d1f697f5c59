"""A browser session of an agent of the national team."""

import re
from html import unescape

import httpx2

from tests.paper import words_of


class Person:
    """Somebody at a browser, signed in, who follows redirects only when asked to."""

    def __init__(self, browser: httpx2.AsyncClient, key: str) -> None:
        self._browser = browser
        self._key = key

    async def see(self, path: str, *, status: int = 200) -> str:
        """Open a page, and give its text with entities read."""
        self._browser.cookies.set("cousu_escalation_session", self._key)
        answer = await self._browser.get(path)
        assert answer.status_code == status, answer.text
        return unescape(answer.text)

    async def paper(self, path: str) -> str:
        """Open a PDF, and give its text."""
        return words_of(await self._get(path))

    async def file(self, path: str) -> bytes:
        """Open a file, and give its bytes."""
        answer = await self._get(path)
        assert answer.status_code == 200, answer.text
        return answer.content

    async def _get(self, path: str) -> httpx2.Response:
        self._browser.cookies.set("cousu_escalation_session", self._key)
        return await self._browser.get(path)

    async def send(self, page: str, action: str, **fields: str | list[str]) -> httpx2.Response:
        """Fill in the form of a page that leads to `action`, and send it."""
        return await self.post(action, **{**await self.hidden(page, action), **fields})

    async def bring_in(self, page: str, table: str, **fields: str) -> str:
        """Send a table by the form of a page, and give what the page then says."""
        told = {**await self.hidden(page, page), **fields}
        answer = await self._browser.post(page, data=told, files={"table": ("table.csv", table.encode(), "text/csv")})
        assert answer.status_code == 200, answer.text
        return unescape(answer.text)

    async def hidden(self, page: str, action: str) -> dict[str, str]:
        """Give the hidden fields of the form of a page that leads to `action`."""
        form = re.search(rf'<form[^>]* action="{re.escape(action)}".*?</form>', await self.see(page), re.DOTALL)
        assert form, f"{page} has no form for {action}"
        return dict(re.findall(r'<input type="hidden" name="([\w.]+)" value="([^"]*)"', form[0]))

    async def post(self, action: str, **fields: str | list[str]) -> httpx2.Response:
        """Send what was typed before, as from a page that stayed open."""
        return await self._browser.post(action, data=fields)

    async def send_again(self, answer: httpx2.Response) -> httpx2.Response:
        """Click twice."""
        request = answer.request
        content_type = {"content-type": request.headers["content-type"]}
        return await self._browser.post(str(request.url), content=request.content, headers=content_type)
