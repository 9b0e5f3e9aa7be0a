"""The way of a question to its one answer: admission, jobs, replies."""
