"""Decides what becomes of an alert: pure functions of judgements, stored alerts and `now`.

lifecycle.py opens, repeats and resolves one alert; inhibition.py hides symptoms of a cause;
storm.py groups many; digest.py lists the quiet ones, morning.py what a night brought; messages.py
says what to post, and what a refused post does next; round.py applies them to one tick. No I/O, no
clock, no driver; may import bot.domain and bot.alerts.self_monitoring. A new rule between alerts
goes into INHIBITIONS; a new step into round.py, which replay runs too.
"""
