"""Dialogue: what its modes share is in base.py, and each mode is a module."""

from simrun.scenarios.dialogue.base import Dialogue

__all__ = ["Dialogue"]
