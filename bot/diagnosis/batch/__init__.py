"""Can the result of a batch be trusted: its evidence, its rules and its report."""
