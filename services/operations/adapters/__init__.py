"""Adapters of operations: databases, RabbitMQ, the services' HTTP probes and dbmate."""
