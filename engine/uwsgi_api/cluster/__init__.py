"""What several servers share through Redis (``--shared``): caches, locks, signals, tasks.

* ``settings``: where, and under which names.
* ``client``: commands from any greenlet, and before there is a loop.
* ``caches``, ``locks``, ``tasks``: in workers, mules and spoolers; same faces as their local twins.
* ``uplink``: in the master, which never speaks to Redis itself.
* ``link``, ``mailbox``, ``caretaker``: in one helper process per server, the only one that waits for others.
"""
