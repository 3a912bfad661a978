"""Renderers: each writes the same blocks, and knows of no section."""
