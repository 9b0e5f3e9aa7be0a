"""Reads plain questions into command lines, by fixed rules: no model is asked, no data is read.

words/ cleans what people type and paste, finds the ids in it and holds the words that mean
something; question.py takes a question apart by them; log_search.py reads searches through logs,
listed.py and matters.py what names no batch, meaning.py what asks for a rule's meaning, several.py
what names some; reader.py decides, and understood.py says what was read of what it could not. The
same words in the same place always become the same line, and what acts is never guessed. To add a
word, add it to words/vocabulary.py.
May import what bot.requests may.
"""
