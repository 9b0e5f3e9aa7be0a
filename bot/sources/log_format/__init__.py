"""Log lines of HuleEdu services as events: console, JSON, tracebacks."""
