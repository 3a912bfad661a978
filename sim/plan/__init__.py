"""What is varied, what is compared, who plays it: everything that is decided before a token is spent."""
