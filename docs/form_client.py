"""File a request from a form of your own, straight to the exchange, and print intake's answer.

AMQP_URL=… python docs/form_client.py < request.json   (needs `pip install aio-pika`)

AMQP_URL is what `cousu-main form add NAME` printed: its account may file under the source `/forms/NAME`, and read the
answers in the queue of its own name. The same id with the same request is answered the same, and filed once.
"""

import asyncio
import json
import os
import sys
import uuid
from urllib.parse import urlsplit

import aio_pika


async def file(amqp_url: str, request: dict[str, object], filed_id: str) -> dict[str, object]:
    """Publish one request; give its number and tracking link, or why it was refused."""
    account = urlsplit(amqp_url).username or ""
    source = f"/forms/{account.removeprefix('form.')}"
    event = {"specversion": "1.0", "id": filed_id, "source": source, "type": "forms.request_filed.v1", "data": request}
    async with await aio_pika.connect(amqp_url) as connection:
        channel = await connection.channel()
        exchange = await channel.get_exchange("cousumain", ensure=False)
        answers = await channel.get_queue(account, ensure=False)
        message = aio_pika.Message(json.dumps(event).encode(), user_id=account, delivery_mode=2)
        await exchange.publish(message, routing_key="forms.request_filed.95")  # returns once the broker has it
        async with answers.iterator() as received:
            async for answer in received:  # one program reads them all: others may answer what it filed before
                async with answer.process():
                    said = json.loads(answer.body)["data"]
                    if said["filed_id"] == filed_id:
                        return dict(said)
    raise ConnectionError("the broker closed the connection before intake answered")


if __name__ == "__main__":
    filing = file(os.environ["AMQP_URL"], json.load(sys.stdin), os.environ.get("FILED_ID") or str(uuid.uuid4()))
    answered = asyncio.run(asyncio.wait_for(filing, timeout=60))  # intake may be down
    print(json.dumps(answered, indent=2, ensure_ascii=False))
