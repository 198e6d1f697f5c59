"""Messaging between services: journal and outbox, relay, RabbitMQ, consumer and inbox, gap recovery.

| to publish | to consume | beside |
|---|---|---|
| `journal` | `consumer`: FastStream subscriber | `messenger` starts and stops all of it |
| `relay`, `publisher` | `handlers`, `inbox/`: what is applied, and when | `recovery/` resends missing events |
| tuning: `outbox_watermark` | tuning: `batcher`, `acknowledger` | `topology`, `accounts`, `authenticity` |
"""
