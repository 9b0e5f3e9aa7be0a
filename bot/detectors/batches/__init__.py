"""Detectors of batches that stop progressing or never end."""
