"""What operators know without asking anybody: the services, their rights, the queues."""
