"""Can the result of a batch be trusted: its evidence, its rules and its report.

`collect` reads it, `report` words it; rules/ is pure. May import publishing, evidence, changes,
queue, comparison, runner and trace. A new rule goes into rules/.
"""
