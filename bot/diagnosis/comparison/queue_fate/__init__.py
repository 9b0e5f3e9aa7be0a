"""What became of requests that the LLM queue took in and that got no answer, by lines.

lines.py has what a span of the queue's log says, intake.py whether a request came in, fates.py what
follows from it for a request; all are pure, and import what bot.diagnosis.comparison may.
To recognise a further way out of the queue, add a kind to QueueFate and a function to those that
fates_of asks in turn.

The provider takes what waits first in, first out, and writes a snapshot only while it holds
nothing: what is counted there and does not wait has no worker. So many more of those after a start
than before it, so many did the process before it hold. What neither waits nor was held, or was
overtaken by one that came after it, has left the queue. What the provider's own memory held while
Redis failed goes with the process.
"""
