"""A run that is kept in an object store: played in a folder of this machine, and sent up as it is sealed."""
