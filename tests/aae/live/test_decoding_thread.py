import threading

from aae.live.decoding_thread import DecodeJob, DecodeResult, DecodingThread, TakeIn
from tests.support.real_desktop import wait_for


def test_pieces_are_made_in_their_order_beside_the_one_who_asks_and_a_failure_stops_none() -> None:
    done: list[DecodeResult] = []
    made_on: list[str] = []

    def piece(number: int) -> DecodeJob:
        def make() -> TakeIn:
            made_on.append(threading.current_thread().name)
            if number == 1:
                raise ValueError("no such note")
            return lambda: number

        return DecodeJob(make, lambda: None)

    thread = DecodingThread(done.append)
    asked = [piece(number) for number in range(4)]
    for one in asked[:2]:
        thread.ask(one)
    thread.start()
    for one in asked[2:]:
        thread.ask(one)
    wait_for(lambda: len(done) == 4)
    thread.close()
    assert [one.piece for one in done] == asked
    assert set(made_on) == {"decoding"}
    assert [one.take_in() if one.take_in else str(one.failure) for one in done] == [0, "no such note", 2, 3]


def test_one_that_was_never_started_can_be_closed() -> None:
    DecodingThread(lambda _done: None).close()
