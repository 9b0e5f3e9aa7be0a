"""Diagnoses: collect() does all the I/O, rules and diagnose() are pure."""
