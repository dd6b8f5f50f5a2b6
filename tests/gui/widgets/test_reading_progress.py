"""How far a heap of recordings is read: arithmetic with a clock that the test turns."""

import pytest

from gui.widgets.reading_progress import ReadingProgress


class Clock:
    """Says what it was set to."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def progress(clock: Clock) -> ReadingProgress:
    return ReadingProgress(clock)


def test_nothing_to_read_is_over(progress: ReadingProgress) -> None:
    assert progress.is_over
    assert progress.fraction == 1.0


def test_files_and_their_parts_count_and_time_is_told_at_their_pace(
    progress: ReadingProgress, clock: Clock
) -> None:
    progress.add(4)
    progress.begin("first.wav")
    assert (progress.fraction, progress.seconds_left) == (0.0, None)
    progress.set_share(0.1)
    assert progress.seconds_left is None, "too little to tell"
    clock.now_s += 1.0
    progress.set_share(0.5)
    assert progress.fraction == pytest.approx(0.125)
    assert progress.seconds_left == pytest.approx(7.0)
    clock.now_s += 1.0
    progress.end()
    progress.begin("second.wav")
    assert progress.fraction == pytest.approx(0.25)
    assert progress.in_words() == "6.0 s left: 2 of 4, second.wav"
    for _ in range(3):
        progress.end()
    assert progress.is_over
    assert progress.fraction == 1.0


def test_one_file_is_not_counted(progress: ReadingProgress) -> None:
    progress.add(1)
    progress.begin("mine.wav")
    assert progress.in_words() == "mine.wav"


def test_files_that_come_later_are_added_and_after_the_end_it_begins_anew(
    progress: ReadingProgress, clock: Clock
) -> None:
    progress.add(2)
    progress.end()
    progress.add(2)
    assert progress.fraction == pytest.approx(0.25)
    for _ in range(3):
        progress.end()
    clock.now_s += 1000.0
    progress.add(2)
    assert progress.fraction == 0.0
    clock.now_s += 3.0
    progress.end()
    assert progress.seconds_left == pytest.approx(3.0)


def test_what_is_given_up_is_not_waited_for(progress: ReadingProgress) -> None:
    progress.add(10)
    progress.end()
    progress.begin("second.wav")
    progress.skip_rest()
    assert not progress.is_over
    progress.end()
    assert progress.is_over
