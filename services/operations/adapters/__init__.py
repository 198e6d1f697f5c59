"""How operators reach databases, RabbitMQ, services and dbmate."""
