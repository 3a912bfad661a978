"""Trials are played: engines, admission, workers, replay."""
