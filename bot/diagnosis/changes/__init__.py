"""What changed around the batches: noted at each tick, and shown where it may matter.

`sighting` collects what a tick sees, `differences` is pure and says what of it is new. To note
another thing that changes, add a `Value` to `sighting`; where one word is not enough, a function to
`differences`. May import evidence and publishing of its neighbours.
"""
