"""What the ENG5 runners do and why one stopped."""
