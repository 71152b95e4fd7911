"""asyncio's record of the running loop, read and written as its own functions do.

``running_loop.pyx`` is its twin in the compiled build, which does without the system calls that these make in
Python 3.11.
"""

from asyncio.events import _get_running_loop as get_running_loop
from asyncio.events import _set_running_loop as set_running_loop

__all__ = ["get_running_loop", "set_running_loop"]
