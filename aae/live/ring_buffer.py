"""Samples on their way from the producer thread to the device's, without a lock.

The one writes, the other reads. Each moves only its own counter, after the samples are in place; counters are
Python integers, which are replaced in one step.
"""

import numpy as np

from mcnn.compiled import Floats


class RingBuffer:
    """A fixed number of samples.

    Args:
        capacity: Samples that it can hold.
    """

    def __init__(self, capacity: int) -> None:
        self._samples: Floats = np.zeros(capacity, np.float32)
        self.written = 0
        """Samples that ever went in."""
        self.read = 0
        """Samples that ever came out."""

    @property
    def n_waiting(self) -> int:
        """Samples that can be read now."""
        return self.written - self.read

    def write(self, samples: Floats) -> None:
        """Puts samples `(samples,)` in.

        Raises:
            ValueError: If there is no room for them.
        """
        capacity = len(self._samples)
        if len(samples) > capacity - self.n_waiting:
            raise ValueError(f"no room for {len(samples)} samples")
        start = self.written % capacity
        first = min(len(samples), capacity - start)
        self._samples[start : start + first] = samples[:first]
        self._samples[: len(samples) - first] = samples[first:]
        self.written += len(samples)

    def read_into(self, out: Floats) -> int:
        """Takes as many samples as there are; the rest of `out` `(samples,)` is silence. Returns how many."""
        count = min(len(out), self.n_waiting)
        capacity = len(self._samples)
        start = self.read % capacity
        first = min(count, capacity - start)
        out[:first] = self._samples[start : start + first]
        out[first:count] = self._samples[: count - first]
        out[count:] = 0.0
        self.read += count
        return count
