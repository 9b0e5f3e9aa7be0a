"""Detectors of callbacks on their way from the provider to CJ's rows."""
