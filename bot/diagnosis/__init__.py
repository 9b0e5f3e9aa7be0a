"""Diagnoses: collect() does all the I/O, rules and diagnose() are pure.

May import bot.border, catalogue, domain, errors, text and ports. Inside: publishing < evidence <
changes < queue < comparison < runner, trace < batch, as bot/README.md has it whole. To add a
rule, write one function in the `rules` of its room and name it in RULES there; reasons that trace
and batch share are in comparison/causes.
"""
