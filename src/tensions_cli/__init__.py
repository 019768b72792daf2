"""Which logic speaks where in French texts about social work and care."""

__version__ = "0.1.0"
