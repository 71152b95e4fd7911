"""What the processes of one server share: memory, locks, and tables in memory."""
