"""A run in the forms of others, and logs of others in ours."""
