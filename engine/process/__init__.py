"""Processes: start-up, the master and its workers.

The master runs no asyncio loop: it waits for signals, descriptors and moments with poll(2).

What other parts may build on:

* :mod:`engine.channels`: messages between master and each child, on lanes (``Lane.SIGNALS``...).
  In the master ``Master.on_message(lane, handler)``, ``Child.channel.send``; in a worker
  ``Worker.channel`` (None without a master).
* ``events``: ``Master.events`` takes readers, writers and moments of parts that live in the master.
* :mod:`engine.stats.scoreboard`: a table in shared memory, a row per process; ``Worker.row`` is one's own.
"""
