"""Runs detectors over recorded logs and samples, on the clock of the recording."""
