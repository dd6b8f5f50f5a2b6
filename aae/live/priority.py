"""Who goes first where the processor is busy, as far as a person may say so. Qt-free."""

import contextlib
import os
import threading

HURRY, MAX_HURRY = -6, -12
"""Niceness of the threads of the sound's process, and of the one that makes blocks: that one waits for the
interpreter's lock, which other programs must not keep any of them from giving back."""


def hurry(niceness: int) -> None:
    """Sets the priority of the calling thread, and of those it will begin; without the right, nothing."""
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
