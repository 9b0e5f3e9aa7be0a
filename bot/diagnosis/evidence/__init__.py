"""Bounded reads that every question shares: sources, log coverage, labels, system state.

May import publishing of its neighbours. `read` turns what cannot be read into Missing; to add a
read that two questions need, add a function with a deadline here.
"""
