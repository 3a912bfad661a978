"""One form a file: what is read of others."""
