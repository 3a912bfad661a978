"""One metric a file: what it is, its range, which way is worse, its source."""
