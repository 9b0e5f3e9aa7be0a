"""Secrets: by their own shape, and by the words that lead to a number, an id or a plain word.

May import what the border knows of shapes and words, and neither its judge nor its layout. To add
a shape of keys, add a pattern to `by_shape`; to add words that lead to a secret, add them to
`language/key_words.toml`.
"""
