"""Two batches, or two batching modes, side by side.

`sides` reads a mode, `tables` and `report` set two of anything side by side. May import every room
of bot.diagnosis. To compare a further figure, add its row to `tables`.
"""
