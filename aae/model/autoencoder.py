"""The conditioned auto-encoder: E(x) → z, D(z, c) → x.

Parts are built first and handed in: an unconditioned `Encoder` and a conditioned decoder behind one contract.
Axes: log-mels are `(batch, mels, frames)`, latents `(batch, latent)`, masks `(batch, frames)`.

Source: Bitton, Esling, Caillon and Fouilleul, "Assisted Sound Sample Generation with Musical Conditioning in
Adversarial Auto-Encoders", DAFx-19 (arXiv 1904.06215), section 3.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from aae.model.conditioning import Condition
from aae.model.config import ModelConfig
from mcnn.spectral.config import SpectrogramConfig

LOG_VARIANCE_RANGE = (-10.0, 3.0)
"""Of takes."""
INITIAL_LOG_VARIANCE = -4.0
"""Log variance of takes before training: a decoder does not learn to listen to noise."""


@dataclass  # not frozen: Lightning Fabric converts the tensors of what passes through a model
class Performance:
    """How one batch of notes is played over time: what the condition and the latent leave open.

    In training it is measured from the recordings; to make new notes it follows from the decoder's `traits`.
    """

    n_frames: Tensor
    """`(batch,)`, length of each note."""
    deviation_cents: Tensor | None
    """`(batch, frames)`, f0 against the equal-tempered pitch; None leaves it to the decoder."""
    modulation_phase: Tensor
    """`(batch, frames)`, radians: where in a cycle of vibrato, trill or tremolo."""
    modulation_strength: Tensor
    """`(batch,)`, 0 none to 1 strictly periodic."""
    onset_frames: Tensor | None = None
    """`(batch,)`, where the attack begins (see `aae.analysis.onset`); None for where a new note's does."""
    drift_cents: Tensor | None = None
    """`(batch, frames)`, added to the curve that the decoder predicts; None adds nothing."""

    def to(self, device: torch.device) -> "Performance":
        """The same performance on another device."""
        return Performance(
            self.n_frames.to(device),
            None if self.deviation_cents is None else self.deviation_cents.to(device),
            self.modulation_phase.to(device),
            self.modulation_strength.to(device),
            None if self.onset_frames is None else self.onset_frames.to(device),
            None if self.drift_cents is None else self.drift_cents.to(device),
        )

    def mask(self, frames: int) -> Tensor:
        """`(batch, frames)`, 1 within the note and 0 after its end."""
        return (torch.arange(frames, device=self.n_frames.device) < self.n_frames[:, None]).float()


@dataclass  # not frozen: Lightning Fabric converts the tensors of what passes through a model
class Encoding:
    """What an encoder finds in a batch of notes."""

    latent: Tensor
    """`(batch, latent)`."""
    take: Tensor | None = None
    """`(batch, take)`, means of the takes; None where the model has none."""
    take_log_variance: Tensor | None = None
    """`(batch, take)`, how unsure of them the encoder is."""


@dataclass
class Decoded:
    """What a decoder returns."""

    log_mel: Tensor
    """`(batch, mels, frames)`."""
    f0_hz: Tensor
    """`(batch, frames)`, the fundamental frequency that was drawn or, where none is drawn, that was asked; 0
    for unpitched sounds."""
    inharmonicity: Tensor | None = None
    """`(batch,)`, Fletcher's coefficient B of the partials; None where the decoder draws none."""
    deviation_cents: Tensor | None = None
    """`(batch, frames)`, predicted f0 curve; None where the decoder has none."""
    residual: Tensor | None = None
    """`(batch, mels, frames)`, the part of the log-mel that is neither partials nor noise bands."""
    noise: Tensor | None = None
    """`(batch, mels, frames)`, share of the magnitude that is noise, 0 to 1; None if unknown."""


class Decoder(nn.Module, ABC):
    """The contract of both decoders: a latent, a condition and a performance make a log-mel."""

    whole_length: bool
    """Whether notes always span all frames of the front end (then their end is silence in the log-mel)."""
    mapping: "StyleMapping"
    """Latent and condition to style."""
    trait_head: nn.Sequential
    """Style to `TRAITS`."""

    @abstractmethod
    def decode_frames(
        self,
        style: Tensor,
        condition: Condition,
        performance: Performance,
        start: int = 0,
        stop: int | None = None,
    ) -> Decoded:
        """Makes a range of the frames of log-mels: the same numbers, whatever else is made.

        Args:
            style: `(batch, style)`, from `mapping`.
            condition: Note and attributes, batch as `style`.
            performance: Of the whole notes; its `modulation_phase` sets their number of frames.
            start: First frame that is made.
            stop: The frame after the last; if not given, all up to the end.
        """

    def half_precision_layers(self) -> list[nn.Linear]:
        """Layers that most of the time is spent in and that may be kept in less precision than the others."""
        return []

    def forward(
        self, latent: Tensor, condition: Condition, performance: Performance, take: Tensor | None = None
    ) -> Decoded:
        """Makes whole log-mels.

        Args:
            latent: `(batch, latent)`.
            condition: Note and attributes, batch as `latent`.
            performance: Its `modulation_phase` sets the number of frames.
            take: `(batch, take)`; the mean one if not given.
        """
        return self.decode_frames(self.mapping(latent, condition, take), condition, performance)

    def traits(self, latent: Tensor, condition: Condition, take: Tensor | None = None) -> Tensor:
        """Predicts the note-level numbers of `TRAITS`, `(batch, 4)`, or as many as the model has."""
        traits: Tensor = self.trait_head(self.mapping(latent, condition, take))
        return traits


class StyleMapping(nn.Module):
    """Latent, take and condition to one style vector, which modulates every layer of a decoder.

    Args:
        config: Which parts of the condition are used.
        sizes: Labels per attribute.
    """

    def __init__(self, config: ModelConfig, sizes: dict[str, int]) -> None:
        super().__init__()
        self.on_note, self.on_attributes = config.condition_on_note, config.condition_on_attributes
        width = config.style_width
        self.take_size = config.take_size
        n_in = config.latent_size + self.take_size
        n_in += 21 * self.on_note + sum(sizes.values()) * self.on_attributes
        self.names = tuple(sizes)
        self.layers = nn.Sequential(
            nn.Linear(n_in, width),
            nn.SiLU(),
            nn.Linear(width, width),
            nn.SiLU(),
            nn.Linear(width, width),
            nn.SiLU(),
        )

    def forward(self, latent: Tensor, condition: Condition, take: Tensor | None = None) -> Tensor:
        """Style vectors `(batch, style)`; the mean take stands in for one that is not given."""
        parts = [latent]
        if self.take_size:
            parts.append(latent.new_zeros(len(latent), self.take_size) if take is None else take)
        if self.on_note:
            parts.append(condition.note())
        if self.on_attributes:
            parts += [condition.weights[name] for name in self.names]
        style: Tensor = self.layers(torch.cat(parts, 1))
        return style


class Encoder(nn.Module):
    """Log-mel to latent; unconditioned, blind to frames beyond the note's end and to the rest of the batch.

    The paper's has batch normalisation. Here batches hold notes of like length, so their statistics tell
    more of the batch than of the library: latents came out elsewhere in use than in training
    (`aae/README.md`). So each frame is normalised by itself.

    Args:
        config: Width and latent size.
        spectrogram: The front end.
    """

    def __init__(self, config: ModelConfig, spectrogram: SpectrogramConfig) -> None:
        super().__init__()
        width = config.encoder_width
        self.entry = nn.Conv1d(spectrogram.n_mels, width, 5, 2, 2)
        self.entry_norm = FrameNorm(width)
        self.stages = nn.ModuleList(_EncoderStage(width, stride) for stride in (1, 2, 2))
        self.exit = nn.Sequential(
            nn.Linear(3 * width, 2 * width),
            nn.LayerNorm(2 * width),
            nn.GELU(),
            nn.Linear(2 * width, config.latent_size),
        )
        self.take_exit = nn.Linear(2 * width, 2 * config.take_size) if config.take_size else None
        if self.take_exit is not None:
            nn.init.constant_(self.take_exit.bias[config.take_size :], INITIAL_LOG_VARIANCE)

    def forward(self, log_mel: Tensor, mask: Tensor) -> Tensor:
        """Latents `(batch, latent)` of what `encode` is given."""
        return self.encode(log_mel, mask).latent

    def encode(self, log_mel: Tensor, mask: Tensor) -> Encoding:
        """Latents and takes.

        Args:
            log_mel: `(batch, mels, frames)`.
            mask: `(batch, frames)`, 1 within the note.
        """
        h = nn.functional.gelu(self.entry_norm(self.entry((log_mel + 2.0) * mask[:, None])))
        mask = mask[:, None, ::2]
        h = h * mask
        for stage in self.stages:
            h, mask = stage(h, mask)
        mean = h.sum(2) / mask.sum(2).clamp_min(1)
        peak = (h + (mask - 1) * 1e4).amax(2)
        h = self.exit[:-1](torch.cat([mean, peak, h[:, :, 0]], 1))
        latent = self.exit[-1](h).float()
        if self.take_exit is None:
            return Encoding(latent)
        take, log_variance = self.take_exit(h).float().chunk(2, 1)
        return Encoding(latent, take, log_variance.clamp(*LOG_VARIANCE_RANGE))


class FrameNorm(nn.Module):
    """Normalises every frame over its channels.

    Args:
        width: Channels.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)

    def forward(self, h: Tensor) -> Tensor:
        """`(batch, channels, frames)` to the same shape."""
        y: Tensor = self.norm(h.transpose(1, 2)).transpose(1, 2)
        return y


class _EncoderStage(nn.Module):
    """A strided depthwise convolution over time and a residual channel mixer."""

    def __init__(self, width: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.across_time = nn.Conv1d(width, width, 7, stride, 3, groups=width)
        self.norm = FrameNorm(width)
        self.mix = nn.Sequential(nn.Conv1d(width, 2 * width, 1), nn.GELU(), nn.Conv1d(2 * width, width, 1))

    def forward(self, h: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        mask = mask[:, :, :: self.stride]
        y = h[:, :, :: self.stride] + self.mix(self.norm(self.across_time(h)))
        return y * mask, mask


class AutoEncoder(nn.Module):
    """Encoder and decoder as one model.

    Args:
        encoder: Log-mel to latent.
        decoder: Latent, condition and performance to log-mel.
    """

    def __init__(self, encoder: Encoder, decoder: Decoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder

    def forward(
        self,
        log_mel: Tensor,
        condition: Condition,
        performance: Performance,
        latent_noise: Tensor | float = 0.0,
        take_noise: Tensor | float = 0.0,
    ) -> tuple[Encoding, Decoded, Tensor]:
        """Encodes and decodes.

        Args:
            log_mel: `(batch, mels, frames)`.
            condition: Note and attributes.
            performance: Measured on the recordings.
            latent_noise: `(batch, latent)`, added to z before decoding.
            take_noise: `(batch, take)`, in standard deviations of what the encoder says of the takes.

        Returns:
            What was encoded, what was decoded from it, and the predicted traits `(batch, traits)`.
        """
        found = self.encoder.encode(log_mel, performance.mask(log_mel.shape[2]))
        latent, take = found.latent + latent_noise, found.take
        if take is not None and found.take_log_variance is not None:
            take = take + torch.exp(0.5 * found.take_log_variance) * take_noise
        return (
            found,
            self.decoder(latent, condition, performance, take),
            self.decoder.traits(latent, condition, take).float(),
        )


def build_model(config: ModelConfig, spectrogram: SpectrogramConfig, sizes: dict[str, int]) -> AutoEncoder:
    """Builds the model that a config describes.

    Args:
        config: The shape of the auto-encoder.
        spectrogram: The front end.
        sizes: Labels per attribute.
    """
    from aae.model.convolutional_decoder import ConvolutionalDecoder
    from aae.model.harmonic_decoder import HarmonicDecoder

    kinds: dict[str, type[HarmonicDecoder] | type[ConvolutionalDecoder]] = {
        "harmonic": HarmonicDecoder,
        "convolutional": ConvolutionalDecoder,
    }
    return AutoEncoder(Encoder(config, spectrogram), kinds[config.decoder](config, spectrogram, sizes))
