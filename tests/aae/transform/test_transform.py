"""The effect on notes and melodies whose answer is known, with the shipped model."""

import itertools
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest

from aae.analysis.f0 import track_f0
from aae.analysis.segmentation import find_notes
from aae.notes.pitch_names import pitch_frequency_hz
from aae.transform.changes import Changes, blended_mix, target_mix
from aae.transform.loudness_contour import follow_loudness, lateness_s, loudness_contour
from aae.transform.note_analysis import AnalysedNote, NoteAnalyser
from aae.transform.phrase import NoteFacts, remake_phrase
from aae.transform.resynthesis import Resynthesizer
from aae.transform.segments import MARGIN_S, STRETCH_S, Segment, listen
from aae.transform.source_style import infer_source
from aae.transform.stereo import measure_image, spread
from mcnn.errors import InputError
from mcnn.spectral.level import loudest_rms_db
from tests.support.synth import SAMPLE_RATE, recording, silence, tone, vibrato
from tests.support.transform_sounds import MELODY, effect_synthesizer, melody

Floats = npt.NDArray[np.float32]
VIOLIN = {"instrument": "violin", "technique": "arco-normal", "dynamics": "forte", "duration": "1"}
CLARINET = {"instrument": {"clarinet": 1.0}}


@pytest.fixture(scope="module")
def meter() -> NoteAnalyser:
    return NoteAnalyser(effect_synthesizer())


def played(meter: NoteAnalyser, waveform: Floats) -> AnalysedNote:
    note = meter.measure_alone(waveform)
    assert note is not None
    return note


def remade(changes: Changes, note: AnalysedNote) -> Floats:
    return Resynthesizer(effect_synthesizer(), changes, VIOLIN).remake(note).waveform


def cents_of(waveform: Floats, midi_pitch: int) -> npt.NDArray[np.float32]:
    return track_f0(waveform, SAMPLE_RATE, 512, pitch_frequency_hz(midi_pitch))


def test_a_note_is_measured(meter: NoteAnalyser) -> None:
    note = played(meter, recording(tone(pitch_frequency_hz(62), 0.8, cents=17.0), before_s=0.25))
    assert note.midi_pitch == 62
    assert note.tuning_cents == pytest.approx(17.0, abs=1.0)
    assert note.start / SAMPLE_RATE == pytest.approx(0.24, abs=0.005)
    assert note.level_db == pytest.approx(loudest_rms_db(note.waveform, SAMPLE_RATE), abs=0.1)
    assert meter.measure_alone(silence(1.0)) is None


@pytest.mark.parametrize("midi_pitch", [48, 62, 76])
def test_pitch_onset_and_loudness_are_kept(meter: NoteAnalyser, midi_pitch: int) -> None:
    swell = np.interp(np.arange(SAMPLE_RATE), [0, 30_000, SAMPLE_RATE], [0.2, 1.0, 0.3]).astype(np.float32)
    sound = tone(pitch_frequency_hz(midi_pitch), 1.0, cents=vibrato(1.0, depth_cents=30.0) - 12.0) * swell
    note = played(meter, recording(sound))
    made = remade(Changes(mix=CLARINET), note)
    assert len(made) == len(note.waveform)
    there, here = cents_of(note.waveform, midi_pitch), cents_of(made, midi_pitch)
    inner = slice(8, -8)
    assert np.nanmedian(np.abs(there[inner] - here[inner])) < 6.0
    wanted, found = (loudness_contour(x, SAMPLE_RATE, 130.0) for x in (note.waveform, made))
    heard = wanted > wanted.max() - 40.0
    assert np.corrcoef(wanted[heard], found[heard])[0, 1] > 0.9
    assert abs(lateness_s(made, note.waveform, SAMPLE_RATE)) < 0.02
    assert loudest_rms_db(made, SAMPLE_RATE) == pytest.approx(note.level_db, abs=1.5)
    assert abs(made[0]) < 1e-3
    assert abs(made[-1]) < 1e-3


@pytest.mark.parametrize(
    ("transpose", "amount", "cents"), [(3.5, 1.0, 350), (-12.0, 1.0, -1200), (7.0, 0.5, 350)]
)
def test_transposition_grows_with_amount(
    meter: NoteAnalyser, transpose: float, amount: float, cents: float
) -> None:
    note = played(meter, recording(tone(pitch_frequency_hz(62), 0.6)))
    made = remade(Changes(mix=CLARINET, transpose=transpose, amount=amount), note)
    target = 62 + round(cents / 100)
    assert np.nanmedian(cents_of(made, target)) + 100 * (target - 62) == pytest.approx(cents, abs=6.0)


def test_amount_leads_from_the_recording_to_the_style(meter: NoteAnalyser) -> None:
    note = played(meter, recording(tone(pitch_frequency_hz(62), 0.8)))
    distances = []
    for amount in (0.0, 0.5, 1.0):
        made = remade(Changes(mix=CLARINET, amount=amount), note)
        again = meter.measure_alone(recording(made))
        assert again is not None
        n_frames = min(again.log_mel.shape[1], note.log_mel.shape[1]) - 4
        apart = again.log_mel[:, 4:n_frames] - note.log_mel[:, 4:n_frames]
        distances.append(float(apart.clamp_min(-2.0).abs().mean()))
    assert distances[0] < 0.5 * distances[2]
    assert distances[0] < distances[1] < distances[2]


def test_the_same_seed_is_the_same_sound_and_another_is_not(meter: NoteAnalyser) -> None:
    note = played(meter, recording(tone(pitch_frequency_hz(62), 0.3)))
    one, two, other = (remade(Changes(mix=CLARINET, seed=seed), note) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)
    moved = remade(Changes(mix=CLARINET, latent_offset=(2.0, 0.0, -2.0)), note)
    assert not np.array_equal(one, moved)


def test_noise_stays_noise(meter: NoteAnalyser) -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal(SAMPLE_RATE // 2).astype(np.float32)
    note = played(meter, recording(noise))
    assert note.midi_pitch is None
    made = Resynthesizer(effect_synthesizer(), Changes(mix=CLARINET), VIOLIN).remake(note)
    assert made.midi_pitch is None
    assert not made.trained
    assert loudest_rms_db(made.waveform, SAMPLE_RATE) == pytest.approx(note.level_db, abs=3.0)
    assert all(np.isnan(cents_of(made.waveform, pitch)).mean() > 0.7 for pitch in (48, 60, 72))


def test_labels_that_are_named_stay_and_others_are_trained_beside_them(meter: NoteAnalyser) -> None:
    synthesizer = effect_synthesizer()
    note = played(meter, recording(tone(pitch_frequency_hz(62), 0.8)))
    labels = infer_source(synthesizer, [note], {"instrument": {"flute": 1.0}})
    assert labels["instrument"] == "flute"
    assert synthesizer.info.coverage.matching({name: {label: 1.0} for name, label in labels.items()})
    with pytest.raises(InputError, match="no instrument 'flut'"):
        infer_source(synthesizer, [note], {"instrument": {"flut": 1.0}})


def test_styles_are_completed_from_what_was_played() -> None:
    mix = target_mix(effect_synthesizer().info, CLARINET, VIOLIN)
    assert mix["dynamics"] == {"forte": 1.0}
    assert mix["technique"] == {"normal": 1.0}
    half = blended_mix(VIOLIN, mix, 0.25)
    assert half["instrument"] == {"clarinet": 0.25, "violin": 0.75}
    assert half["dynamics"] == {"forte": 1.0}


def _listened(meter: NoteAnalyser, waveform: Floats, block: int = 30_000) -> list[Segment]:
    sound = waveform[:, None] if waveform.ndim == 1 else waveform
    blocks = (sound[i : i + block] for i in range(0, len(sound), block))
    return list(listen(blocks, meter, 0.0, "phrase"))


def _remade_phrase(meter: NoteAnalyser, waveform: Floats) -> tuple[Floats, list[NoteFacts]]:
    remaker = Resynthesizer(effect_synthesizer(), Changes(mix=CLARINET), VIOLIN)
    blocks = list(remake_phrase(_listened(meter, waveform), remaker))
    return np.concatenate([block.block for block in blocks]), [n for block in blocks for n in block.notes]


def test_a_melody_is_laid_back_where_it_was(meter: NoteAnalyser) -> None:
    waveform, onsets = melody(cents=15.0)
    sound, facts = _remade_phrase(meter, waveform)
    assert [note.midi_pitch for note in facts] == [pitch for pitch, _, _ in MELODY]
    for note, onset_s in zip(facts, onsets, strict=True):
        assert note.start_s == pytest.approx(onset_s, abs=0.025)
        assert note.tuning_cents == pytest.approx(15.0, abs=4.0)
    again = find_notes(sound[:, 0], SAMPLE_RATE)
    heard = [69 + 12 * np.log2((note.f0_hz or 1.0) / 440) for note in again]
    np.testing.assert_allclose(heard, [pitch + 0.15 for pitch, _, _ in MELODY], atol=0.1)
    assert _largest_jump(sound[:, 0]) < 4 * _largest_jump(waveform)


def _largest_jump(waveform: Floats) -> float:
    """A click is a step that the sound around it does not make."""
    return float(np.abs(np.diff(waveform, 2)).max() / np.abs(waveform).max())


def test_long_recordings_are_heard_in_bounded_stretches(meter: NoteAnalyser) -> None:
    phrase, _ = melody()
    n_times = round(3.2 * STRETCH_S * SAMPLE_RATE / len(phrase))

    def blocks() -> Iterator[Floats]:
        for _ in range(n_times):
            yield phrase[:, None]

    stretches = list(listen(blocks(), meter, 0.0))
    assert len(stretches) >= 3
    longest_s = max(len(stretch.block) for stretch in stretches) / SAMPLE_RATE
    assert longest_s <= STRETCH_S + MARGIN_S + len(phrase) / SAMPLE_RATE
    notes = [note for stretch in stretches for note in stretch.notes]
    assert [note.midi_pitch for note in notes] == [pitch for pitch, _, _ in MELODY] * n_times
    assert all(one.end <= other.start for one, other in itertools.pairwise(notes))


def test_a_short_recording_of_one_note_is_one(meter: NoteAnalyser) -> None:
    sound = recording(tone(440.0, 1.0, cents=vibrato(1.0)))
    (stretch,) = listen([sound[:, None]], meter, 0.0)
    assert len(stretch.notes) == 1
    assert list(listen([], meter, 0.0)) == []


def test_loudness_is_followed_but_not_without_end() -> None:
    steady = tone(440.0, 1.0, attack_s=0.001, release_s=0.001)
    wanted = steady * np.linspace(1.0, 0.1, SAMPLE_RATE, dtype=np.float32)
    made = follow_loudness(steady, wanted, SAMPLE_RATE, 440.0)
    inner = slice(30, -30)
    difference = loudness_contour(made, SAMPLE_RATE, 440.0) - loudness_contour(wanted, SAMPLE_RATE, 440.0)
    assert np.abs(difference[inner]).max() < 0.5
    dying = steady * np.exp(-20.0 * np.arange(SAMPLE_RATE) / SAMPLE_RATE).astype(np.float32)
    boosted = follow_loudness(dying, steady, SAMPLE_RATE, 440.0)
    assert np.isfinite(boosted).all()
    assert loudness_contour(boosted, SAMPLE_RATE)[-100] < loudness_contour(steady, SAMPLE_RATE)[-100] - 10.0
    assert not follow_loudness(silence(0.5), steady, SAMPLE_RATE).any()


@pytest.mark.parametrize(("left", "right", "pan"), [(1.0, 1.0, 0.0), (1.0, 0.0, 1.0), (0.25, 0.75, -0.5)])
def test_the_place_between_left_and_right_is_kept(left: float, right: float, pan: float) -> None:
    mono = tone(440.0, 0.5)
    middle, side = 0.5 * (left + right), 0.5 * (left - right)
    image = measure_image(np.stack([middle * mono, side * mono], 1), SAMPLE_RATE)
    assert np.median(image.pan) == pytest.approx(pan, abs=0.01)
    assert np.median(image.width) < 0.02
    other = tone(330.0, 0.5)
    out = spread(other, image)
    power = np.square(out).sum(0)
    assert (power[0] - power[1]) / power.sum() == pytest.approx(
        (left**2 - right**2) / (left**2 + right**2), abs=0.02
    )


def test_a_wide_sound_stays_wide() -> None:
    rng = np.random.default_rng(0)
    wide = 0.1 * rng.standard_normal((SAMPLE_RATE, 2)).astype(np.float32)
    image = measure_image(wide, SAMPLE_RATE)
    assert np.median(image.width) == pytest.approx(1.0, abs=0.1)
    out = spread(tone(440.0, 1.0), image)
    common = float(np.mean(out[:, 0] * out[:, 1]) / np.mean(np.square(out)))
    assert abs(common) < 0.4
