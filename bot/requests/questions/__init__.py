"""Reads plain questions into command lines, by fixed rules: no model is asked, no data is read.

words/ cleans what people type and paste, takes the time out of it (times.py, asked_time.py,
calendar.py), finds the ids, the codes and the service in what is left, and holds the words that
mean something;
question.py takes a question apart by them; set_phrases.py reads what is asked in a set phrase,
log_search.py searches through logs, listed.py, over_time.py and matters.py what names no batch,
several.py what names some; reader.py decides, left_out.py says what the line that was read leaves
out of the question, and understood.py what was read of one that no line answers. The same words in
the same place always become the same line, and what acts is never guessed. To add a word, add it to
words/vocabulary.py. May import what bot.requests may.
"""
