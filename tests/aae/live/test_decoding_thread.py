import threading

from aae.live.decoding_thread import DecodeJob, DecodeResult, DecodingInPlace, DecodingThread, OnDone
from tests.support.desktop.real_desktop import wait_for


def jobs(ran_on: list[str]) -> list[DecodeJob]:
    """Four jobs, of which the second fails."""

    def job(number: int) -> DecodeJob:
        def decode() -> OnDone:
            ran_on.append(threading.current_thread().name)
            if number == 1:
                raise ValueError("no such note")
            return lambda: number

        return DecodeJob(decode, lambda: None)

    return [job(number) for number in range(4)]


def outcomes(results: list[DecodeResult]) -> list[object]:
    return [result.on_done() if result.on_done else str(result.failure) for result in results]


def test_jobs_run_in_their_order_beside_the_one_who_submits_and_a_failure_stops_none() -> None:
    results: list[DecodeResult] = []
    ran_on: list[str] = []
    thread, submitted = DecodingThread(results.append), jobs(ran_on)
    for job in submitted[:2]:
        thread.submit(job)
    thread.start()
    for job in submitted[2:]:
        thread.submit(job)
    wait_for(lambda: len(results) == 4)
    thread.close()
    assert [result.job for result in results] == submitted
    assert set(ran_on) == {"decoding"}
    assert outcomes(results) == [0, "no such note", 2, 3]


def test_in_place_jobs_are_done_when_they_are_submitted() -> None:
    results: list[DecodeResult] = []
    ran_on: list[str] = []
    decoding = DecodingInPlace(results.append)
    for n_done, job in enumerate(jobs(ran_on), 1):
        decoding.submit(job)
        assert len(results) == n_done
    assert set(ran_on) == {threading.current_thread().name}
    assert outcomes(results) == [0, "no such note", 2, 3]
