"""The harmonic plus noise decoder: amplitudes of partials, which a fixed template draws at their frequencies.

For every frame it predicts the log amplitudes of the partials and of noise bands, the f0 in cents and a
small residual; `PartialTemplate` and a matrix product turn them into the log-mel. The place of each frame in
the note (since the onset, until the end) and in the cycle of its modulation (vibrato, trill, tremolo) is an
input, so that notes of unlike lengths and phases are not averaged to a blur. The part of the timbre that is
constant over the note goes from style to amplitudes directly; the blocks shape it over time.

Source: the paper's decoder is conditioned by FiLM (Perez et al., AAAI 2018, arXiv 1709.07871), as here;
blocks are ConvNeXt's (Liu et al., CVPR 2022, arXiv 2201.03545) over time; harmonic + noise after DDSP (arXiv
2001.04643).
"""

import numpy as np
import torch
from torch import Tensor, nn

from aae.analysis.onset import ONSET_FRAMES
from aae.model.conditioning import Condition
from aae.model.config import ModelConfig
from aae.model.decoder import Decoded, Decoder, StyleMapping
from aae.model.film_block import FilmBlock, apply_linear, runs_compiled
from aae.model.harmonic_plus_noise import LOG_10, compose, compose_compiled
from aae.model.partials import PartialTemplate
from aae.model.performance import Performance
from aae.model.traits import trait_head
from mcnn.spectral.config import SpectrogramConfig

N_PARTIALS = 128
N_SINGLE = 40
N_KNOTS = 64
N_NOISE = 80
KERNEL = 7
"""Frames at half the rate that each block sees."""
FINE_KERNEL = 5
ATTACK_FRAMES = 48
RELEASE_FRAMES = 24


class HarmonicDecoder(Decoder):
    """Partials, noise bands, f0 curve and residual over time.

    Args:
        config: Widths and what is conditioned on.
        spectrogram: The front end.
        sizes: Labels per attribute.
    """

    whole_length = False
    knots_to_partials: Tensor
    noise_to_mels: Tensor

    def __init__(self, config: ModelConfig, spectrogram: SpectrogramConfig, sizes: dict[str, int]) -> None:
        super().__init__()
        width, style = config.decoder_width, config.style_width
        self.mapping = StyleMapping(config, sizes)
        self.trait_head = trait_head(config)
        self.inharmonicity_head = nn.Linear(style, 1)
        self.attack = nn.Embedding(ATTACK_FRAMES, width)
        self.release = nn.Embedding(RELEASE_FRAMES, width)
        self.along = nn.Linear(8, width)
        self.entry = nn.Linear(2 * width, width)
        self.blocks = nn.ModuleList(FilmBlock(width, style, KERNEL) for _ in range(config.decoder_blocks))
        self.upsample = nn.Linear(width, 2 * width)
        self.fine = FilmBlock(width, style, FINE_KERNEL, expansion=2)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, N_KNOTS + N_NOISE + 1)
        self.residual_head = nn.Linear(width, spectrogram.n_mels)
        self.timbre = nn.Linear(style, N_KNOTS + N_NOISE + spectrogram.n_mels)
        self.measured_onset = config.measured_onset
        self.template = PartialTemplate(spectrogram, N_PARTIALS)
        self.log_floor = spectrogram.log_floor
        self.register_buffer("knots_to_partials", _knots_to_partials(), persistent=False)
        self.register_buffer("noise_to_mels", _noise_to_mels(spectrogram.n_mels), persistent=False)
        nn.init.constant_(self.inharmonicity_head.bias, -9.0)
        nn.init.zeros_(self.timbre.weight)
        nn.init.zeros_(self.timbre.bias)
        nn.init.normal_(self.residual_head.weight, std=1e-3)
        nn.init.constant_(self.head.bias[:N_KNOTS], -2.5)
        nn.init.constant_(self.head.bias[N_KNOTS : N_KNOTS + N_NOISE], -3.5)

    def half_precision_layers(self) -> list[nn.Linear]:
        """All but the head, whose numbers are log amplitudes and cents."""
        blocks = [block for block in self.modules() if isinstance(block, FilmBlock)]
        mixers = [layer for block in blocks for layer in (block.expand, block.contract)]
        return [*mixers, self.entry, self.upsample, self.residual_head]

    def decode_frames(
        self,
        style: Tensor,
        condition: Condition,
        performance: Performance,
        start: int = 0,
        stop: int | None = None,
    ) -> Decoded:
        """See `Decoder.decode_frames`."""
        frames = performance.modulation_phase.shape[1]
        stop = frames if stop is None else stop
        h = self._hidden(style, performance, start, stop)
        timbre = self.timbre(style).float()[:, None].split([N_KNOTS, N_NOISE, self.template.n_mels], -1)
        knots, noise, deviation = self.head(h).float().split([N_KNOTS, N_NOISE, 1], -1)
        knots, noise = knots + timbre[0], noise + timbre[1]
        residual = apply_linear(self.residual_head, h).float() + timbre[2]
        deviation_cents = deviation[..., 0] * 100
        played = deviation_cents
        if performance.deviation_cents is not None:
            played = performance.deviation_cents[:, start:stop]
        elif performance.drift_cents is not None:
            played = played + performance.drift_cents[:, start:stop]
        f0_hz = condition.f0_hz()[:, None] * torch.pow(2.0, played / 1200)
        inharmonicity = nn.functional.softplus(self.inharmonicity_head(style).float())[:, 0] * 0.01
        amplitude = torch.exp(LOG_10 * (knots @ self.knots_to_partials).clamp(-7, 1))
        harmonic_mel = self.template(amplitude, f0_hz, inharmonicity)
        composition = compose_compiled if runs_compiled(h) else compose
        log_mel, share, residual = composition(
            harmonic_mel, noise @ self.noise_to_mels, residual, self.log_floor
        )
        return Decoded(
            log_mel=log_mel.transpose(1, 2),
            f0_hz=f0_hz,
            inharmonicity=inharmonicity,
            deviation_cents=deviation_cents,
            residual=residual.transpose(1, 2),
            noise=share.transpose(1, 2),
        )

    def _hidden(self, style: Tensor, performance: Performance, start: int, stop: int) -> Tensor:
        """The hidden frames that the heads read, `(batch, stop - start, width)`.

        Convolutions are computed on as many more frames on both sides as they reach; errors of these outer
        frames, which lack neighbours themselves, stay within what is cut off.
        """
        n_pairs = -(-performance.modulation_phase.shape[1] // 2)
        reach = FINE_KERNEL // 2
        low, high = max(0, (start - reach) // 2), min(n_pairs, -(-(stop + reach) // 2))
        reach = len(self.blocks) * (KERNEL // 2)
        first, last = max(0, low - reach), min(n_pairs, high + reach)
        fine = self._positions(performance, 2 * first, 2 * last)
        h = apply_linear(self.entry, fine.reshape(len(fine), -1, 2 * fine.shape[2]))
        for block in self.blocks:
            h = block(h, style)
        h = apply_linear(self.upsample, h[:, low - first : high - first]).reshape(len(h), -1, fine.shape[2])
        h = h + fine[:, 2 * (low - first) : 2 * (high - first)]
        h = self.fine(h, style)[:, start - 2 * low : stop - 2 * low]
        hidden: Tensor = self.norm(h)
        return hidden

    def _positions(self, performance: Performance, start: int, stop: int) -> Tensor:
        """Embeds the place of each frame: since the onset, until the end, within a modulation cycle."""
        t = torch.arange(start, stop, device=performance.n_frames.device)
        length = performance.n_frames[:, None]
        left = (length - 1 - t).clamp_min(0)
        phase = performance.modulation_phase[:, start:stop]
        phase = nn.functional.pad(phase, (0, stop - start - phase.shape[1]))
        since = t[None].float()
        if self.measured_onset and performance.onset_frames is not None:
            since = (since - performance.onset_frames[:, None] + ONSET_FRAMES).clamp_min(0)
        strength = performance.modulation_strength[:, None].expand_as(phase)
        along = torch.stack(
            [
                (t / length).clamp_max(1.0),
                torch.log1p(since).expand_as(left) / 5,
                torch.log1p(left.float()) / 5,
                strength,
                strength * phase.cos(),
                strength * phase.sin(),
                strength * (2 * phase).cos(),
                strength * (2 * phase).sin(),
            ],
            -1,
        )
        end = self.release(left.long().clamp_max(RELEASE_FRAMES - 1))
        h: Tensor = self.along(along) + self._attack_at(since) + end
        return h

    def _attack_at(self, since: Tensor) -> Tensor:
        """The attack's embedding `(batch or 1, frames, width)` at fractions of frames."""
        since = since.clamp_max(ATTACK_FRAMES - 1)
        below = since.long()
        part = (since - below)[..., None]
        before, after = self.attack(below), self.attack((below + 1).clamp_max(ATTACK_FRAMES - 1))
        return torch.lerp(before, after, part.to(before.dtype))


def _knots_to_partials() -> Tensor:
    """Linear interpolation `(knots, partials)`: the first partials singly, then log-spaced."""
    knots = np.concatenate(
        [np.arange(1, N_SINGLE + 1), np.geomspace(N_SINGLE, N_PARTIALS, N_KNOTS - N_SINGLE + 1)[1:]]
    )
    return _interpolation(np.log(knots), np.log(np.arange(1, N_PARTIALS + 1)))


def _noise_to_mels(n_mels: int) -> Tensor:
    """Linear interpolation `(bands, mels)`."""
    return _interpolation(np.linspace(0, n_mels - 1, N_NOISE), np.arange(n_mels))


def _interpolation(knots: np.ndarray, points: np.ndarray) -> Tensor:
    return torch.tensor(
        np.stack([np.interp(points, knots, row) for row in np.eye(len(knots))]), dtype=torch.float32
    )
