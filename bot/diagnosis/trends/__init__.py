"""How batches did over a stretch of time: read in pages, then counted; what was read is said.

May import every room of bot.diagnosis but investigate and compare. To count a further figure, add
it to `counted` and to `report`.
"""
