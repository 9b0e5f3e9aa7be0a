"""The whole bot on real parts as the way in: what only they carry, and all that then goes out.

What lives here: a HuleEdu of real PostgreSQL, Redis, Kafka and logs in which every text is a plant
(`rows`, `queue`, `topics`, `lines`, joined by `world`), the ways out that a running bot has
(`alerts`, `answers`, `people`, collected by `outlet`), and the search for plants in what came out
(`plants`). `python -m tests.attack.parts` carries every kind of plant and prints what leaked.
A new place is one call of `Planter.plant`, a new kind one row of KINDS.
"""
