"""Following log files line by line, without losing or repeating any."""
