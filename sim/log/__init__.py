"""What is kept of a run: the chained log, its lines, the tables made of it, the manifest."""
