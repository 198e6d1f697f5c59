"""How the services are run: on one machine for `make run`, elsewhere by the files beside this one."""
