from aae.analysis.pitch_trackers import PitchReading
from aae.evaluation.judges.note_names import summarize_note_names


def heard(cents: float) -> PitchReading:
    return PitchReading(cents, 1.0)


def test_semitone_and_octave_are_right_or_wrong_apart_from_each_other() -> None:
    asked = [60, 60, 60, 60, None, 59]
    readings = dict(enumerate(map(heard, (30.0, -1200.0, 100.0, float("nan"))))) | {5: heard(90.0)}
    found = summarize_note_names(asked, readings)
    assert found["notes"] == 5
    assert found["semitone_share"] == 2 / 5  # in tune, and an octave too low
    assert found["octave_share"] == 2 / 5  # in tune, and a semitone too high within the octave
    assert found["semitones"][0] == [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    assert found["octaves"][4] == [0, 0, 0, 1, 2, 0, 0, 0, 0, 1]
    assert found["octaves"][3][4] == 1
