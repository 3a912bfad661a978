"""Runs that are handed in: the suites they are runs of, how they are packed, and what is checked of them."""
