"""File a request from a form of your own, straight to the exchange, and print intake's answer.

AMQP_URL=amqp://… python docs/form_client.py < request.json   (needs `pip install aio-pika`)
"""

import asyncio
import json
import os
import sys
import uuid

import aio_pika


async def file(amqp_url: str, request: dict[str, object]) -> dict[str, object]:
    """Publish one request; give the request as it was filed, with its number, or why it was refused."""
    event = {"specversion": "1.0", "id": str(uuid.uuid4()), "source": "/forms/ours", "type": "forms.request_filed.v1"}
    body = json.dumps({**event, "data": request}).encode()
    async with await aio_pika.connect(amqp_url) as connection:
        channel = await connection.channel(on_return_raises=True)
        exchange = await channel.get_exchange("cousumain")
        answers = await channel.declare_queue(exclusive=True)
        await answers.bind(exchange, "intake.request_submitted.#")
        await answers.bind(exchange, "forms.request_refused.#")
        message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await exchange.publish(message, routing_key="forms.request_filed.95")  # returns once the broker has it
        async with answers.iterator(no_ack=True) as told:
            async for answer in told:
                said = json.loads(answer.body)
                if event["id"] in {said.get("causationid"), said["data"].get("filed_id")}:
                    return dict(said["data"])
    raise ConnectionError("the broker closed the connection before intake answered")


if __name__ == "__main__":
    answered = asyncio.wait_for(file(os.environ["AMQP_URL"], json.load(sys.stdin)), timeout=60)  # it may be down
    print(json.dumps(asyncio.run(answered), indent=2, ensure_ascii=False))
