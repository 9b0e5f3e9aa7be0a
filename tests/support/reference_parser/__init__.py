"""The parser of log lines as it was before it read lazily: the reference of the identity test.

It is frozen: whatever the parser may become, a line must say what it says here. A change that
means to read a line differently changes both, and says so.
"""
