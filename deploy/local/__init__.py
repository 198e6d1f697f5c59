"""The embedded run: PostgreSQL, RabbitMQ and all services on loopback, with their data in one folder of the clone."""
