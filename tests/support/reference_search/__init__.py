"""The search in a log as it was before it read around matches at once: the identity test's other.

It is frozen: whatever the search may become, it finds what is found here.
"""
