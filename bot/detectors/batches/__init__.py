"""Detectors of batches that stand still or never end."""
