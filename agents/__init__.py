"""Who speaks: personas, biases, agents, and the backends that answer for them."""
