"""Pages and API of operators, with the same functions as the command line."""
