"""The border: what came from outside leaves only through here, by an allow-list.

What lives here: the type of outside text (`outside.Outside`), and the judgement which of its words
may be shown (`passing.let_out` for texts, `passing.name` for names). A text shows the words that
services write of themselves (`vocabulary.txt`), numbers, times, versions and ids of known shapes;
everything else becomes "…". Nothing is shown because no pattern knows it as a secret: vendors'
shapes of keys (`secrets`) are the second line only. A run of known words that is made of
everybody's words (`everyday.txt`) is a person's sentence, and goes too.

What remains: a sentence of known words passes when it has fewer than four, or when two of them and
every fifth are ones that services use and others do not. Known words that are names, too, go behind
what leads to a person, and two of them with capitals in a row go anywhere; one alone, elsewhere,
passes.

The way of a text: `decode.readable` (bounded, decoded, normalised), `secrets.without_secrets`,
`judge.judged` (walks the tokens; `layout` finds keys and values, `phrases` shows or hides a run of
words; keys decide on their values by `key_words.toml`, words by `words.may_show`).
May import nothing of the bot; every room may import it. A new shape of id is one pattern in
`shapes`, a new word that services write is one line in `vocabulary.txt`.
"""
