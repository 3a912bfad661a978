// Pictures of one pair.
