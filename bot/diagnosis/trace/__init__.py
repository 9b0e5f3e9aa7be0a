"""One id through every service: the last step seen and the first missing.

`collect` reads, `rules` conclude, `report` words it. May import publishing, evidence, changes,
queue and comparison. To add a rule, write one function in `rules` and name it in RULES.
"""
