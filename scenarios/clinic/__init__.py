"""The clinic: what its modes share is in base.py, and each mode is a module."""

from simrun.scenarios.clinic.base import Clinic

__all__ = ["Clinic"]
