"""Partners' addresses cannot be turned against the networks that the service stands in."""

import asyncio
import dataclasses
import ipaddress
import socket
from typing import Any

import pytest

from services.notifications.adapters.webhook_dispatcher import WebhookDispatcher
from services.notifications.domain.addresses import may_be_called, wrong_with
from services.notifications.domain.webhooks import Secrets
from services.notifications.usecases.parts import Parts
from services.notifications.usecases.subscriptions import Subscribe, subscribe
from shared.db import Database
from shared.identity.model import Role
from tests.notifications.conftest import People, World, acting
from tests.notifications.partner import Partner, a_partner
from tests.notifications.test_webhooks import all_given

SECRETS = Secrets("w" * 32)
HERE = ipaddress.ip_network("127.0.0.0/8")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "0.1.2.3", "224.0.0.1",
        "255.255.255.255", "192.0.2.1", "198.18.0.1", "240.0.0.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1",
        "2001:db8::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a9fe:a9fe::1",
        "2001:0:4136:e378:8000:63bf:80ff:fffe", "fd00:ec2::254",
    ],
)  # fmt: skip
def test_what_is_not_public_is_never_called(address: str) -> None:
    assert not may_be_called(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2a01:e0c:1::1", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_what_is_public_may_be_called(address: str) -> None:
    assert may_be_called(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "0.0.0.0"])  # noqa: S104 - judged, not bound
def test_metadata_services_are_not_called_whatever_was_named(address: str) -> None:
    everything = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
    assert not may_be_called(ipaddress.ip_address(address), everything)


def test_a_network_that_was_named_may_be_called_and_its_neighbour_not() -> None:
    named = (ipaddress.ip_network("10.20.0.0/16"),)
    assert may_be_called(ipaddress.ip_address("10.20.1.1"), named)
    assert may_be_called(ipaddress.ip_address("::ffff:10.20.1.1"), named)
    assert not may_be_called(ipaddress.ip_address("10.21.1.1"), named)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://exemple.fr", "https://"),
        ("ftp://exemple.fr", "https://"),
        ("javascript:alert(1)", "lisible"),
        ("https://", "lisible"),
        ("https://exemple.fr:x/", "lisible"),
        ("https://exemple.fr/ ailleurs", "lisible"),
        ("https://exemple.fr/\r\nHost: ailleurs", "lisible"),
        ("https://moi:secret@exemple.fr/", "mot de passe"),
        ("https://exemple.fr/#partie", "#"),
        ("https://exemple.fr:22/", "port"),
        ("https://127.0.0.1/", "réseau"),
        ("https://[::1]/", "réseau"),
        ("https://[::ffff:10.0.0.1]/", "réseau"),
        ("https://169.254.169.254/latest/meta-data", "réseau"),
    ],
)
def test_an_address_that_cannot_be_right_is_refused_with_the_reason(url: str, said: str) -> None:
    assert said in (wrong_with(url) or "")


@pytest.mark.parametrize("url", ["https://exemple.fr", "https://exemple.fr:8443/a?b=c", "https://8.8.8.8/x"])
def test_a_good_address_is_taken(url: str) -> None:
    assert wrong_with(url) is None


async def attempts(database: Database) -> list[tuple[str, str]]:
    rows = await database.fetch("SELECT result, answer FROM webhook_attempt ORDER BY began_at")
    return [(row["result"], row["answer"]) for row in rows]


async def given(
    database: Database, parts: Parts, people: People, world: World, url: str, *, named: bool = False
) -> list[tuple[str, str]]:
    """Subscribe to an address as if it had been good then, and give it one event; tell what came of it."""
    trusting = dataclasses.replace(parts, secrets=SECRETS, networks=(ipaddress.ip_network("127.0.0.0/8"),))
    operator = await people.agent(Role.OPERATOR)
    async with database.transaction() as tx:
        await subscribe(acting(tx, operator, trusting), Subscribe(name="Partenaire", url=url))
    await world.filed()
    strict = dataclasses.replace(trusting, networks=(HERE,) if named else ())
    await all_given(WebhookDispatcher(database, strict, SECRETS))
    return await attempts(database)


FORBIDDEN = [("forbidden", "Cette adresse mène à un réseau qui ne peut pas être appelé.")]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::ffff:127.0.0.1]"])
async def test_this_machine_is_not_called_by_any_of_its_names(
    database: Database, parts: Parts, people: People, world: World, host: str
) -> None:
    async with a_partner() as partner:
        url = f"http://{host}:{partner.port}/"
        assert await given(database, parts, people, world, url) == FORBIDDEN
        assert partner.calls == 0


async def test_a_name_that_is_private_in_one_of_its_addresses_is_not_called(
    database: Database, parts: Parts, people: People, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers_with(monkeypatch, "8.8.8.8", "10.0.0.1")
    assert await given(database, parts, people, world, "https://partenaire.example/") == FORBIDDEN


async def test_a_name_that_changes_its_address_after_it_was_judged_is_not_followed(
    database: Database,
    parts: Parts,
    people: People,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    partner_here: Partner,
) -> None:
    """DNS rebinding: the name is asked once, and the address that was judged is the one that is called."""
    asked = answers_with(monkeypatch, "127.0.0.1")
    url = f"http://partenaire.example:{partner_here.port}/x"
    assert await given(database, parts, people, world, url, named=True) == [("taken", "204")]
    assert asked == ["partenaire.example"]
    assert partner_here.headers[0]["host"] == f"partenaire.example:{partner_here.port}"


async def test_a_redirect_is_not_followed(
    database: Database, parts: Parts, people: People, world: World, partner_here: Partner
) -> None:
    async with a_partner() as inside:
        partner_here.answer, partner_here.extra = "307 Temporary Redirect", f"Location: {inside.url}\r\n"
        assert await given(database, parts, people, world, partner_here.url, named=True) == [("refused", "307")]
        assert inside.calls == 0


async def test_no_proxy_of_the_environment_is_asked(
    database: Database,
    parts: Parts,
    people: People,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    partner_here: Partner,
) -> None:
    async with a_partner() as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{proxy.port}")
        await given(database, parts, people, world, partner_here.url, named=True)
        assert (proxy.calls, partner_here.calls) == (0, 1)


async def test_an_endless_answer_is_not_read_to_its_end(
    database: Database, parts: Parts, people: People, world: World, partner_here: Partner
) -> None:
    partner_here.answer, partner_here.body = "500 Oops", b"a" * 5_000_000
    ((result, answer),) = await given(database, parts, people, world, partner_here.url, named=True)
    assert (result, len(answer)) == ("refused", 304)


async def test_a_partner_who_says_nothing_does_not_hold_the_dispatcher(
    database: Database, parts: Parts, people: People, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.notifications.adapters.webhook_dispatcher.PATIENCE", 0.3)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        ((result, _),) = await given(database, parts, people, world, url, named=True)
    assert result == "unreachable"


@pytest.fixture
async def partner_here() -> Any:
    """A partner's program on this machine."""
    async with a_partner() as listening:
        yield listening


def answers_with(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Let the DNS give these addresses for partners' names; keep which names were asked."""
    asked: list[str] = []
    really = socket.getaddrinfo

    def answer(host: str, port: int, *arguments: Any, **options: Any) -> Any:
        if not host.endswith(".example"):
            return really(host, port, *arguments, **options)
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked
