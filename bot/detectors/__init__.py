"""Detectors, one file each; a file here that holds a DETECTOR is found by itself."""
