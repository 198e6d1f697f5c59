"""HTTP layer shared by all services: application, actions, forms, sessions, sign-in, errors, theme."""
