"""A clinical consultation."""

from simrun.scenarios.clinic.consultation import Clinic

__all__ = ["Clinic"]
