"""The composition root: builds every part, starts it, and stops it in reverse."""
