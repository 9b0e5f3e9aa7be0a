"""The rules of a batch: one pure function for each known failure, found by walking this package."""
