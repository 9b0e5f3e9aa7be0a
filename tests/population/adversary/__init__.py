"""Cases of an outsider, who knew the services and their facts but had not read a rule of the bot.

`truths.json` says of each case what was done, what is true, and what an answer must say, may say
and must not say; it was written before the bot was asked, and `corrected` says where and why it
was changed since. `cases.tar.xz` holds each case's logs, rows and looks at other sources.

`second_truths.json` and `second_cases.tar.xz` are another outsider's 35, asked of a bot that had
been mended for the first ones: batches beside each other, one service's log alone, or begun late.
At their first asking it agreed with 32 of them.
"""
