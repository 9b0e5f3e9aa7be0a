"""batchbot at a terminal: asking, watching, replaying, and the doctor."""
