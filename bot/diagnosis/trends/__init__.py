"""How batches did over a stretch of time: read in pages, then counted; what was read is said."""
