"""Recruitment: what its modes share is in base.py, and each mode is a module."""

from simrun.scenarios.recruitment.base import Recruitment

__all__ = ["Recruitment"]
