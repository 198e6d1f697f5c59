"""Domain of operations: services, database rights, queues and catalogues of texts; without I/O."""
