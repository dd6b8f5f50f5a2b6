"""The texture of a note: levels, spread and flutter of every band over the parts of a note.

A decoder that is trained by distances alone puts out medians: too quiet where a sound comes and goes, and too
smooth. Here statistics of whole stretches of a note are compared, on the decoded log-mel with its noise's
fluctuation; where in a stretch something happens is free.

Source: J. H. McDermott, E. P. Simoncelli, "Sound texture perception via statistics of the auditory
periphery", Neuron 71(5), 2011 (textures are recognised by such statistics).
"""

import torch
from torch import Tensor, nn

from aae.model.decoder import Decoded
from aae.model.noise_fluctuation import NoiseFluctuation, fluctuation_strength, n_starts
from mcnn.spectral.level import REFERENCE_LEVEL_DB
from mcnn.spectral.spectrogram import Spectrogram

RANGE_DB = 60.0
"""Bands further than this under the reference level are silent."""
ACTIVE_DB = 40.0
"""Frames further than this under the loudest are not part of the note."""
ATTACK_PARTS = (3, 10)
"""Ends of the attack's two parts, from the onset."""
BROAD_BANDS = 16
LEVEL_UNIT_DB, SPREAD_UNIT_DB, FLUTTER_UNIT_DB = 6.0, 2.0, 0.6
"""Usual distances, among notes of one kind, of levels, their spread and their change from frame to frame."""


class TextureLoss(nn.Module):
    """Distance of textures, in units of how far they usually lie apart; squared where it is small.

    Args:
        spectrogram: The front end.
    """

    fluctuation: Tensor
    broad: Tensor

    def __init__(self, spectrogram: Spectrogram) -> None:
        super().__init__()
        config = spectrogram.config
        self.spectrogram = spectrogram
        self.register_buffer("fluctuation", NoiseFluctuation(spectrogram).fluctuation, persistent=False)
        edges = torch.logspace(0, 1, BROAD_BANDS + 1).sub(1).div(9).mul(config.n_mels).round().long()
        band = torch.bucketize(torch.arange(config.n_mels), edges[1:-1], right=True)
        broad = nn.functional.one_hot(band, BROAD_BANDS).float().T
        self.register_buffer("broad", broad, persistent=False)

    def forward(self, decoded: Decoded, target: Tensor, mask: Tensor, onset: Tensor, start: int) -> Tensor:
        """The distance, a scalar.

        Args:
            decoded: Of recordings, from their own latents; with the share of noise.
            target: `(batch, mels, frames)`, log-mels of the recordings.
            mask: `(batch, frames)`, 1 within the notes.
            onset: `(batch,)`, where attacks begin, in frames.
            start: First frame of the recorded noise whose fluctuation is taken, below
                `aae.model.noise_fluctuation.n_starts`.
        """
        since = torch.arange(target.shape[2], device=target.device)[None] - onset[:, None]
        log_mel = self._with_fluctuation(decoded, since, start)
        energy = torch.pow(10.0, 2 * target).sum(1)
        is_active = mask * (energy > energy.amax(1, keepdim=True) * 10 ** (-ACTIVE_DB / 10))
        first, second = ATTACK_PARTS
        parts = [
            (since >= -1) & (since < first),
            (since >= first) & (since < second),
            since >= second - 2,
        ]
        weights = [part * is_active for part in parts]
        expected, found = (self._statistics(x, weights) for x in (target, log_mel))
        # Squares below a unit, linear beyond: an untrained decoder is far off.
        distances = [2 * nn.functional.smooth_l1_loss(a, b) for a, b in zip(found, expected, strict=True)]
        return torch.stack(distances).mean()

    def _with_fluctuation(self, decoded: Decoded, since: Tensor, start: int) -> Tensor:
        """The decoded log-mel `(batch, mels, frames)`, its noise fluctuating as in a rendered note."""
        log_mel = decoded.log_mel.float()
        if decoded.noise is None:
            return log_mel
        n, _, frames = log_mel.shape
        places = (start + 131 * torch.arange(n)) % n_starts(frames)
        factor = torch.stack([self.fluctuation[:, place : place + frames] for place in places.tolist()])
        strength = fluctuation_strength(since)[:, None]
        magnitude = self.spectrogram.expand(log_mel) * (1 + decoded.noise.float() * strength * (factor - 1))
        return self.spectrogram.compress(magnitude)

    def _statistics(self, log_mel: Tensor, weights: list[Tensor]) -> list[Tensor]:
        """Levels of the three parts, spread and flutter of the last, in single and in broad bands."""
        floor_db = REFERENCE_LEVEL_DB - RANGE_DB
        level_db = (20 * log_mel).clamp_min(floor_db)
        broad_db = 10 * torch.log10(self.broad @ torch.pow(10.0, level_db / 10))
        rest = weights[-1]
        found = [_mean(level_db, weight) / LEVEL_UNIT_DB for weight in weights]
        pairs = rest[:, 1:] * rest[:, :-1]
        for bands_db in (level_db, broad_db):
            apart = (bands_db - _mean(bands_db, rest)[..., None]).square()
            found.append((_mean(apart, rest) + 0.01).sqrt() / SPREAD_UNIT_DB)
            found.append(_mean(bands_db.diff(dim=2).abs(), pairs) / FLUTTER_UNIT_DB)
        return found


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    """Mean `(batch, bands)` of `(batch, bands, frames)` over frames weighted by `(batch, frames)`."""
    return (values * weight[:, None]).sum(2) / weight.sum(1).clamp_min(1.0)[:, None]
