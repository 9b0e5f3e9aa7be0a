"""The border: what came from outside leaves only through here, by an allow-list.

What lives here: the type of outside text (`outside.Outside`), and the judgement which of its words
may be shown (`passing.let_out` for texts, `passing.name` for names). A text shows what software is
known to write word for word (`known_texts`), the words that services write of themselves
(`language/vocabulary.txt`), numbers, times, versions and ids of known shapes; everything else
becomes "…". Nothing is shown because no pattern knows it as a secret: vendors' shapes of keys
(`secret/by_shape`) are the second line only. A run of known words that is made of everybody's
words (`language/everyday.txt`) is a person's sentence, and goes too; so is one of four words and
more in an order in which no software writes them (`language/known_runs`).

What the border cannot know, and so shows:

- A sentence of three known words of which one is a service's, or one of which most are services':
  "the worker failed" may be an essay's. So may be words in an order in which software writes them,
  three at a time: "the size of the".
- One known word that is a name ("Ray", "Page"), where nothing that leads to a person stands before
  it and no other such name beside it. Names among no known words go as all unknown words do.
- A known word as a password, where no word before it speaks of a secret, or a clause says in words
  of its own what the secret is: "they all use timeout".
- An id of a known shape (a uuid, six to sixteen hexadecimal digits) that nothing near it says to be
  a secret or a person's; a number of up to seven digits that no word of a code leads to.

The way of a text: `decode.readable` (bounded, decoded, normalised), `secret.by_shape`,
`judge.judged` (walks the tokens; `known_texts` marks what software wrote, `secret` and `people`
hide what a word leads to, `layout` finds keys and values, `values` judges those, `phrases` shows or
hides a run of words; keys decide on their values by `language/key_words.toml`, words by
`words.may_show`).
May import bot.deferred alone; every room may import it. To add a shape of ids, add a pattern to
`shapes`; to add a word that services write, a line to `language/vocabulary.txt`; to add texts of a
library, run `tests/attack/harvest.py` over its sources.
"""
