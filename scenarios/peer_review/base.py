"""x"""
class PeerReview: pass
