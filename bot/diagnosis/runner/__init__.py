"""What the ENG5 runners do and why one stopped.

May import publishing, evidence, changes, queue and comparison. To add a rule, write one function in
`rules` and name it in RULES.
"""
