"""Options of a run, how they are composed, and what there is to choose from."""
