"""One form a file: what a run is written as."""
