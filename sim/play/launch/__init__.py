"""Who starts the processes that play a run on other machines: one launcher a file."""
