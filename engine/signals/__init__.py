"""uwsgi signals: one byte, sent by anybody, handled in a greenlet of its own wherever its target says.

* ``cron``, ``targets``, ``wire``, ``schedule``, ``registry``, ``lines``: pure, without clocks and processes.
* ``switchboard``: where signals are routed; in the master, or in the only process.
* ``local``: ties the switchboard to the loop and the processes it serves.
* ``agent``: in each process that registers, sends or handles signals.
* ``file_monitor``: inotify, or a look at the files every second.

May import ``bridge`` and everything of ``engine`` above it in the list of ranks.
"""
