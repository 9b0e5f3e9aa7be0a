"""Simulated traffic through HuleEdu, healthy and with faults, judged by every detector."""
