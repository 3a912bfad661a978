"""One judge a file: what it is asked of what was said, and what its answer means."""
