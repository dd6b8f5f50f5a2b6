import numpy as np
import pytest
import torch

from mcnn.compiled import Floats
from mcnn.inversion.inverter import NO_CONDITIONING, InverterConditioning
from mcnn.network.config import Precision, SourceFilterConfig
from mcnn.network.source_filter import SourceFilterMcnn
from mcnn.spectral.config import SpectrogramConfig
from mcnn.streaming.playable import PlayableMcnn
from mcnn.streaming.voices import NoteStream, Voices

CONFIG = SpectrogramConfig(sample_rate=22_050, n_fft=1024, hop_length=128, n_mels=64, max_frames=24)
HOP = CONFIG.hop_length
BLOCKS = 2
LOOKAHEAD = 1 + 2 * BLOCKS


def inverter(precision: Precision = "f32") -> PlayableMcnn:
    """One whose weights are random, those that begin at 0 too."""
    torch.manual_seed(0)
    shape = SourceFilterConfig(width=16, blocks=BLOCKS, head_width=8)
    network = SourceFilterMcnn(CONFIG, shape).requires_grad_(False)
    for weight in network.parameters():
        weight.add_(0.2 * torch.randn(weight.shape))
    return PlayableMcnn(network, precision)


MCNN = inverter()


def note(
    n_frames: int, f0_hz: float = 220.0, noisy: bool = True, seed: int = 0
) -> tuple[torch.Tensor, InverterConditioning]:
    """A log-mel and conditioning of a note with vibrato; batch 1."""
    generator = torch.Generator().manual_seed(seed)
    log_mel = -3.5 + 2.0 * torch.rand(1, CONFIG.n_mels, n_frames, generator=generator)
    curve = f0_hz * 2 ** (0.5 / 12 * torch.sin(0.4 * torch.arange(n_frames)))
    noise = torch.rand(1, CONFIG.n_mels, n_frames, generator=generator) if noisy else None
    return log_mel, InverterConditioning(curve[None], torch.tensor([1e-4]), noise, (seed + 5,))


def reference(log_mel: torch.Tensor, conditioning: InverterConditioning) -> Floats:
    """Waveforms as training makes them: the network over whole notes, the transform in one piece."""
    with torch.no_grad():
        waveform: Floats = MCNN.network(log_mel, conditioning).numpy()
    return waveform


def part(conditioning: InverterConditioning, frames: slice) -> InverterConditioning:
    return InverterConditioning(
        None if conditioning.f0_hz is None else conditioning.f0_hz[:, frames],
        conditioning.inharmonicity,
        None if conditioning.noise is None else conditioning.noise[:, :, frames],
        conditioning.seeds,
    )


def stream_in_parts(log_mel: torch.Tensor, conditioning: InverterConditioning, seed: int) -> Floats:
    """Pushes and reads parts of random sizes, some of them empty."""
    random = np.random.default_rng(seed)
    stream, blocks, start = NoteStream(MCNN), [], 0
    while not stream.is_over:
        if start < log_mel.shape[2]:
            stop = start + int(random.integers(0, 9))
            stream.push(log_mel[:, :, start:stop], part(conditioning, slice(start, stop)))
            start = stop
        else:
            stream.finish()
        blocks.append(stream.read(int(random.integers(0, 4 * HOP))).copy())
    return np.concatenate(blocks)


@pytest.mark.parametrize("noisy", [True, False], ids=["noise", "no noise"])
@pytest.mark.parametrize("n_frames", [1, 2, LOOKAHEAD, LOOKAHEAD + 1, 24])
def test_any_splitting_is_the_whole_note(n_frames: int, noisy: bool) -> None:
    log_mel, conditioning = note(n_frames, noisy=noisy)
    whole = reference(log_mel, conditioning)[0]
    assert np.abs(whole).max() > 1e-2
    for seed in range(4):
        np.testing.assert_allclose(stream_in_parts(log_mel, conditioning, seed), whole, atol=1e-5)


@pytest.mark.parametrize("f0_hz", [25.0, 3000.0])
def test_any_pitch(f0_hz: float) -> None:
    log_mel, conditioning = note(12, f0_hz)
    np.testing.assert_allclose(
        stream_in_parts(log_mel, conditioning, 0), reference(log_mel, conditioning)[0], atol=1e-5
    )


def test_a_note_longer_than_any_that_was_planned_for() -> None:
    log_mel, conditioning = note(5 * CONFIG.max_frames)
    whole = reference(log_mel, conditioning)[0]
    np.testing.assert_allclose(stream_in_parts(log_mel, conditioning, 1), whole, atol=1e-5)
    at_once = NoteStream(MCNN)
    at_once.push(log_mel, conditioning)
    at_once.finish()
    np.testing.assert_allclose(at_once.read(10**6), whole, atol=1e-5)


def test_gaps_of_f0_are_bridged() -> None:
    log_mel, conditioning = note(24)
    assert conditioning.f0_hz is not None
    for gap in (slice(0, 3), slice(6, 7), slice(9, 14), slice(16, 17), slice(22, 24)):
        conditioning.f0_hz[:, gap] = 0
    whole = reference(log_mel, conditioning)[0]
    for seed in range(8):
        np.testing.assert_allclose(stream_in_parts(log_mel, conditioning, seed), whole, atol=1e-5)


@pytest.mark.parametrize("hinted", [True, False], ids=["f0 is 0", "no f0"])
def test_a_note_without_pitch_is_made_when_it_is_complete(hinted: bool) -> None:
    log_mel, conditioning = note(10)
    conditioning = InverterConditioning(
        torch.zeros(1, 10) if hinted else None, None, conditioning.noise, (3,)
    )
    stream = NoteStream(MCNN)
    stream.push(log_mel[:, :, :4], part(conditioning, slice(0, 4)))
    stream.push(log_mel[:, :, 4:], part(conditioning, slice(4, 10)))
    assert stream.n_ready == 0
    assert len(stream.read(64)) == 0
    stream.finish()
    made = np.concatenate([stream.read(300) for _ in range(5)])
    np.testing.assert_allclose(made, reference(log_mel, conditioning)[0], atol=1e-5)
    assert stream.is_over


@pytest.mark.parametrize("n_samples", [1, HOP, 2 * HOP, 5 * HOP + 1])
def test_the_first_block_needs_no_more_than_its_frames_and_the_lookahead(n_samples: int) -> None:
    log_mel, conditioning = note(24)
    stream = NoteStream(MCNN)
    needed = stream.n_frames_for(n_samples)
    assert needed <= n_samples // HOP + 2 + LOOKAHEAD
    stream.push(log_mel[:, :, : needed - 1], part(conditioning, slice(0, needed - 1)))
    assert stream.n_ready < n_samples
    stream.push(log_mel[:, :, needed - 1 : needed], part(conditioning, slice(needed - 1, needed)))
    assert stream.n_ready >= n_samples
    np.testing.assert_allclose(
        stream.read(n_samples), reference(log_mel, conditioning)[0, :n_samples], atol=1e-5
    )


def test_offline_is_the_same() -> None:
    notes = [note(20, f0_hz, seed=seed) for seed, f0_hz in enumerate((110.0, 220.0, 330.0))]
    log_mel = torch.cat([one for one, _ in notes])
    conditioning = InverterConditioning(
        torch.cat([one.f0_hz for _, one in notes if one.f0_hz is not None]),
        torch.tensor([0.0, 1e-4, 1e-3]),
        torch.cat([one.noise for _, one in notes if one.noise is not None]),
        (4, 4, 9),
    )
    with torch.no_grad():
        np.testing.assert_allclose(MCNN(log_mel, conditioning), reference(log_mel, conditioning), atol=1e-5)


def test_silence_is_silent() -> None:
    _, conditioning = note(12)
    silence = torch.full((1, CONFIG.n_mels, 12), -4.0)
    assert not stream_in_parts(silence, conditioning, 0).any()


def test_offline_follows_its_weights() -> None:
    changing = inverter()
    log_mel, conditioning = note(8)
    with torch.no_grad():
        before = changing(log_mel, conditioning)
        for weight in changing.parameters():
            weight.mul_(0.5)
        after = changing(log_mel, conditioning)
        expected = changing.network(log_mel, conditioning)
    assert not torch.allclose(before, after, atol=1e-3)
    torch.testing.assert_close(after, expected, atol=1e-5, rtol=0)


def test_half_precision_is_close() -> None:
    log_mel, conditioning = note(20)
    whole = reference(log_mel, conditioning)[0]
    with torch.no_grad():
        error = inverter("bf16")(log_mel, conditioning)[0].numpy() - whole
    assert 0 < np.linalg.norm(error) < 0.02 * np.linalg.norm(whole)


def test_voices_come_and_go_at_any_block() -> None:
    voices = Voices(MCNN, n_voices=3)
    notes = [note(n, f0_hz, seed=n) for n, f0_hz in ((9, 110.0), (24, 220.0), (3, 330.0), (14, 440.0))]
    starts = [0, 0, 2, 6]
    n_samples, heard = 2 * HOP, [np.zeros(0, np.float32) for _ in notes]
    begun = {}
    for block in range(20):
        for which, start in enumerate(starts):
            if block == start:
                voice = voices.begin()
                assert voice is not None
                voice.push(*notes[which])
                voice.finish()
                begun[which] = voice
        playing = [which for which, voice in begun.items() if not voice.is_over]
        made = voices.read(n_samples)
        for which in playing:
            heard[which] = np.concatenate([heard[which], made[begun[which].number]])
    assert begun[3].number in {begun[0].number, begun[2].number}
    assert not voices.playing
    for samples, (log_mel, conditioning) in zip(heard, notes, strict=True):
        whole = reference(log_mel, conditioning)[0]
        np.testing.assert_allclose(samples[: len(whole)], whole, atol=1e-5)
        assert not samples[len(whole) :].any()


def test_a_late_voice_goes_on_when_its_frames_come() -> None:
    voices = Voices(MCNN, n_voices=2)
    late, other = voices.begin(), voices.begin()
    assert late is not None
    assert other is not None
    (log_mel, conditioning), second = note(16), note(20, 330.0)
    late.push(log_mel[:, :, :9], part(conditioning, slice(0, 9)))
    other.push(*second)
    ready = late.n_ready
    first = voices.read(4 * HOP).copy()
    assert 0 < ready < 4 * HOP
    assert not first[late.number, ready:].any()
    late.push(log_mel[:, :, 9:], part(conditioning, slice(9, 16)))
    late.finish()
    then = voices.read(4 * HOP)[late.number]
    whole = reference(log_mel, conditioning)[0]
    np.testing.assert_allclose(first[late.number, :ready], whole[:ready], atol=1e-5)
    np.testing.assert_allclose(then, whole[ready : ready + 4 * HOP], atol=1e-5)
    np.testing.assert_allclose(first[other.number], reference(*second)[0, : 4 * HOP], atol=1e-5)


def test_places_are_taken_and_freed() -> None:
    voices = Voices(MCNN, n_voices=1)
    first = voices.begin()
    assert first is not None
    first.push(*note(24))
    assert voices.begin() is None
    voices.read(100)
    first.stop()
    assert first.is_over
    second = voices.begin()
    assert second is not None
    second.push(*note(10, 330.0))
    second.finish()
    np.testing.assert_allclose(voices.read(10 * HOP)[0], reference(*note(10, 330.0))[0], atol=1e-5)


def test_a_mix_is_the_sum_with_gains_that_move_within_a_block() -> None:
    voices, alone = Voices(MCNN, n_voices=2), Voices(MCNN, n_voices=2)
    for bank in (voices, alone):
        for f0_hz in (220.0, 330.0):
            voice = bank.begin()
            assert voice is not None
            voice.push(*note(12, f0_hz))
    np.testing.assert_allclose(voices.mix(HOP), alone.read(HOP).sum(0), atol=1e-6)
    for voice in voices.playing:
        voice.gain = 0.5
    ramp = 1.0 - 0.5 * np.arange(1, HOP + 1) / HOP
    np.testing.assert_allclose(voices.mix(HOP), alone.read(HOP).sum(0) * ramp, atol=1e-6)
    np.testing.assert_allclose(voices.mix(HOP), alone.read(HOP).sum(0) * 0.5, atol=1e-6)


def test_what_does_not_fit_is_refused() -> None:
    log_mel, conditioning = note(4)
    stream = NoteStream(MCNN)
    with pytest.raises(ValueError, match="expected \\(1, 64, frames\\)"):
        stream.push(log_mel[0])
    stream.push(log_mel, conditioning)
    with pytest.raises(ValueError, match="f0 and noise known"):
        stream.push(log_mel, NO_CONDITIONING)
    stream.finish()
    with pytest.raises(ValueError, match="finished"):
        stream.push(log_mel, conditioning)


def test_an_empty_note_is_over_at_once() -> None:
    stream = NoteStream(MCNN)
    stream.finish()
    assert stream.is_over
    assert len(stream.read(10)) == 0
