"""The command line, `cousu-main`: a module per group of commands."""
