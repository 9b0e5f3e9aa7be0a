"""Two batches, or two batching modes, side by side."""
