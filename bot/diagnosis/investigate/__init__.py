"""The whole story of a batch: funnel, hypotheses and what was ruled out.

May import every room of bot.diagnosis but trends and compare. To add what may be ruled
out, add it to `hypotheses`; what it is found by is a rule of batch/rules/.
"""
