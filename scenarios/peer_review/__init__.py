"""Peer review: submissions with a known quality are reviewed, discussed and decided."""

from simrun.scenarios.peer_review.base import PeerReview

__all__ = ["PeerReview"]
