"""What a run came to: its values by pairs, and the metrics."""
