"""Reads plain questions into command lines, by fixed rules: no model is asked, no data is read.

text.py cleans what people type and paste and finds the ids in it; vocabulary.py holds the words
that mean something; question.py takes a question apart by both; log_search.py reads searches
through logs; reader.py decides. The same words in the same place always become the same line, and
what acts is never guessed. To add a word, add it to vocabulary.py. May import what bot.requests
may.
"""
