"""Priorities of threads where the processor is busy, as far as the system lets a program set them."""

import contextlib
import os
import threading

PROCESS_NICENESS, PRODUCER_NICENESS = -6, -12
"""Of all threads of the engine's process, and of the producer thread. That one often waits for the
interpreter's lock, so no other program may keep any of the others from giving it back."""


def raise_priority(niceness: int) -> None:
    """Sets the priority of the calling thread and of those it will start; does nothing without the right to.

    Args:
        niceness: -20 (first) to 19.
    """
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
