"""Whether the LLM provider's queue moves, from Redis and from the logs.

`evidence` collects, `timeline` orders what is known, the rules in RULES of `rules` conclude,
`report` words it. May import publishing, evidence and changes. To add a rule, write one function in
`rules` or a `*_rule` file and name it in RULES.
"""
