"""Every earlier version's own code beside today's, on one database, and back to it."""
