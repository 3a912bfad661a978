"""Deviations from the defaults, and the catalogues of axes and biases, as YAML."""
