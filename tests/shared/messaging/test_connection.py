"""Several addresses of one broker: who loses a node goes on with another, by itself and within seconds."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from uuid import UUID

import pytest
from yarl import URL

from shared.clock import new_id
from shared.db import Database
from shared.messaging import journal
from shared.messaging.connection import BrokerAddresses, NodeLostError, connect, node_loss_as_error
from shared.messaging.handlers import EventHandlers
from shared.messaging.messenger import Messenger
from shared.messaging.publisher import Publisher
from shared.messaging.topology import Subscription
from tests.conftest import FreshDatabase
from tests.polling import eventually
from tests.shared.messaging.conftest import NOTING, a_message, effects


class Node:
    """Another way to the test's broker, as if it were one node of several; it may die, freeze and come back."""

    def __init__(self, broker: URL) -> None:
        self._broker = broker
        self._server: asyncio.Server | None = None
        self._relayed: set[asyncio.Task[None]] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self.port = 0
        self.taken = 0
        """Connections taken so far."""

    def url(self, user: URL) -> str:
        """Give the address for a user whose own is `user`; it asks for a sign of life every second."""
        return str(user.with_port(self.port).update_query(heartbeat=1))

    async def start(self) -> None:
        """Take connections, at the same address as before."""
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def die(self) -> None:
        """Cut all connections, and take no more."""
        if self._server is not None:
            self._server.close()
        for task in self._relayed:
            task.cancel()

    def freeze(self) -> None:
        """Take connections and never say a word."""
        self._flows.clear()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.taken += 1
        there, towards = await asyncio.open_connection(self._broker.host, self._broker.port)
        pumps = [self._pump(reader, towards), self._pump(there, writer)]
        self._relayed |= {asyncio.create_task(pump) for pump in pumps}

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while part := await source.read(65_536):
                await self._flows.wait()
                sink.write(part)
                await sink.drain()
        except OSError:
            pass
        finally:
            sink.close()


@pytest.fixture
async def nodes(broker_url: Callable[[str], str]) -> AsyncIterator[tuple[Node, Node]]:
    """Two ways to the broker."""
    first, second = Node(URL(broker_url("intake"))), Node(URL(broker_url("intake")))
    await first.start()
    await second.start()
    yield first, second
    first.die()
    second.die()


@pytest.fixture
async def teller(
    fresh_database: Callable[[str], Awaitable[FreshDatabase]],
    nodes: tuple[Node, Node],
    broker_url: Callable[[str], str],
) -> AsyncIterator[Messenger]:
    """Intake, which tells, by either node; not started."""
    database = await Database.connect((await fresh_database("shared")).app_url, name="teller")
    addresses = ",".join(node.url(URL(broker_url("intake"))) for node in nodes)
    yield Messenger(
        database, addresses, name="intake", subscription=Subscription("intake", ()), handlers=EventHandlers({})
    )
    await database.close()


@pytest.fixture
def listener(database: Database, nodes: tuple[Node, Node], broker_url: Callable[[str], str]) -> Messenger:
    """Escalation, which hears, by either node; not started."""
    addresses = ",".join(node.url(URL(broker_url("escalation"))) for node in nodes)
    subscription = Subscription("escalation", ("intake.#",))
    return Messenger(database, addresses, name="escalation", subscription=subscription, handlers=NOTING)


async def tells(teller: Messenger, request_id: UUID, text: str) -> None:
    async with teller.database.transaction() as tx:
        await journal.record(tx, a_message(request_id, text))


async def ready(*messengers: Messenger) -> bool:
    return all([await messenger.missing() is None for messenger in messengers])


def heard(listener: Messenger, request_id: UUID, *texts: str) -> Callable[[], Coroutine[None, None, bool]]:
    async def so() -> bool:
        return await effects(listener.database, request_id) == list(texts)

    return so


@pytest.mark.parametrize("frames", [0, 1, 2])
async def test_a_broker_that_hangs_up_during_the_handshake_is_away(
    broker_url: Callable[[str], str], frames: int
) -> None:
    """As of a node that dies, or a network that is cut, while a service connects."""
    url, taken = URL(broker_url("intake")), 0

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal taken
        taken += 1
        from_broker, to_broker = await asyncio.open_connection(url.host, url.port)
        for _ in range(frames):
            to_broker.write(await reader.read(65536))
            writer.write(await from_broker.read(65536))
        await reader.read(65536)
        writer.close()
        to_broker.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    publisher = Publisher(str(url.with_port(server.sockets[0].getsockname()[1])), name="trial")
    assert not await publisher.connect()
    await publisher.close()
    left = taken
    await asyncio.sleep(1.5)  # by now somebody who reconnects has done so
    assert taken == left
    server.close()


def test_a_connection_that_ended_before_its_first_frame_is_lost() -> None:
    """Aiormq raises what ends a loop, which would be no error of the broker."""
    with pytest.raises(NodeLostError), node_loss_as_error():
        raise StopAsyncIteration


def test_every_address_is_used_in_turn_and_shows_the_name() -> None:
    addresses = BrokerAddresses("amqp://a:b@one/x , amqps://a:b@two/x,amqp://a:b@three:1/x?heartbeat=9", "intake relay")
    seen = [addresses.next() for _ in range(6)]
    assert {url.host for url in seen[:3]} == {"one", "two", "three"}
    assert seen[:3] == seen[3:]
    assert {url.query["name"] for url in seen} == {"intake relay"}
    assert {url.host: url.query["heartbeat"] for url in seen} == {"one": "5", "two": "5", "three": "9"}


def test_a_comma_in_a_password_makes_no_second_address() -> None:
    assert len(BrokerAddresses("amqp://a:b,c@one/,amqp://a:b,c@two/", "x")) == 2


def test_no_address_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="RabbitMQ"):
        BrokerAddresses("", "x")


async def test_a_look_finds_the_node_that_answers(
    nodes: tuple[Node, Node],
    broker_url: Callable[[str], str],
    free_ports: Callable[[int], list[int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shared.messaging.connection.random.sample", lambda these, _: list(these))
    frozen, well = nodes
    frozen.freeze()
    user = URL(broker_url("operator"))
    addresses = f"amqp://x:x@127.0.0.1:{free_ports(1)[0]}/,{frozen.url(user)},{well.url(user)}"
    async with await connect(addresses, "a look", within=12) as connection:
        assert not connection.is_closed
    assert well.taken == 1


@pytest.mark.parametrize("how", ["die", "freeze"])
async def test_who_loses_its_node_goes_on_telling_and_hearing_by_another(
    how: str, teller: Messenger, listener: Messenger, nodes: tuple[Node, Node]
) -> None:
    first, second = nodes
    second.die()
    request_id = new_id()
    async with teller.lifespan(), listener.lifespan():
        await eventually(lambda: ready(teller, listener))
        await tells(teller, request_id, "by the first")
        await eventually(heard(listener, request_id, "by the first"))
        await second.start()
        getattr(first, how)()
        await tells(teller, request_id, "by the second")
        await eventually(heard(listener, request_id, "by the first", "by the second"), within=30)
        await eventually(lambda: ready(teller, listener))
    assert second.taken >= 2, "the one who tells and the one who hears"
