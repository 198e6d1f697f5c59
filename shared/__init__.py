"""Code that every service may use: contracts, messaging, web, identity, territory, French. It knows no service."""
