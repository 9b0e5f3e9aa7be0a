"""The words of a question: ids, times, counts and codes in it, and what its verbs mean; pure.

vocabulary.py holds the words that mean something by themselves, stems.py the beginnings of what
belongs to the field, orders.py tells a change that is asked for from one that is asked about.
To add a word, add it to the topic in vocabulary.py that it speaks of. May import bot.domain and
bot.text, and nothing else of bot.requests.
"""
