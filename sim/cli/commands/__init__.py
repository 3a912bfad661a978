"""The subcommands: a module each, with a class of its name."""
