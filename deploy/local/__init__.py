"""The embedded run: everything the services need, private to this folder and on loopback."""
