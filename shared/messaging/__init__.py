"""How the services tell each other what happened: recorded with the state, carried by RabbitMQ, applied once."""
