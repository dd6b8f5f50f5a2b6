"""Elementary functions for compiled loops: polynomials, which become vector instructions there."""

import numpy as np

from mcnn.compiled import compiled


@compiled
def exp_near_0(x: np.float32) -> np.float32:
    """Exponential to 1e-7, of numbers within half an octave of 0, ±0.35."""
    tail = np.float32(1 / 24) + x * (np.float32(1 / 120) + x * np.float32(1 / 720))
    return np.float32(1) + x * (np.float32(1) + x * (np.float32(0.5) + x * (np.float32(1 / 6) + x * tail)))


@compiled
def exponential(nepers: np.float32) -> np.float32:
    """Exponential to 1e-7, of numbers from -80 to 80: a power of two, and what is left of it."""
    octaves = nepers * np.float32(1.442695041)
    whole = np.floor(octaves + np.float32(0.5))
    value = exp_near_0((octaves - whole) * np.float32(0.6931471806))
    power = np.int32((np.int32(whole) + 127) << 23).view(np.float32)
    return np.float32(value * power)


@compiled
def sine_of_turns(turns: np.float32) -> np.float32:
    """Sine to 1e-7, of a quarter of a turn at most."""
    angle = turns * np.float32(2 * np.pi)
    square = angle * angle
    rest = np.float32(1) - square * np.float32(1 / 72) * (np.float32(1) - square * np.float32(1 / 110))
    rest = np.float32(1) - square * np.float32(1 / 20) * (np.float32(1) - square * np.float32(1 / 42) * rest)
    return angle * (np.float32(1) - square * np.float32(1 / 6) * rest)


@compiled
def twice_arctan_in_turns(tangent: np.float32) -> np.float32:
    """Twice the arc tangent, in turns, to 1e-6."""
    size = abs(tangent)
    ratio = min(size, np.float32(1)) / max(size, np.float32(1))
    square = ratio * ratio
    turns = np.float32(0.0165361) - square * np.float32(0.0036496)
    turns = np.float32(0.0615086) - square * (np.float32(0.0368376) - square * turns)
    turns = ratio * (np.float32(0.3183018) - square * (np.float32(0.1058598) - square * turns))
    turns = np.float32(0.5) - turns if size > np.float32(1) else turns
    return turns if tangent > np.float32(0) else -turns
