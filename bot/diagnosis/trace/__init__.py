"""One id through every service: the last step seen and the first missing."""
