"""What software writes: its words, its sentences, what keys say, and a text cut into tokens.

May import nothing of the border: here are lists and lookups, and no judgement. To add a word that
services write, add a line to `vocabulary.txt`; `known_texts.txt` and `known_runs.bin` are written
by a harvest alone.
"""
