"""What ends a program: Ctrl-C, SystemExit, LoopExit, raising signal handlers."""
