"""What changed around the batches, and what the bot knew before: facts, no I/O, no clock."""
