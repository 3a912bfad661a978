"""Estimates as pure functions of arrays."""
