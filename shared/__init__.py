"""Code shared by all services: contracts, messaging, web, identity, territories, French. It depends on no service."""
