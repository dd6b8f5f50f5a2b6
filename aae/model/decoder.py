"""The contract of both decoders, D(z, c) → x, and the mapping from latent and condition to style.

Axes: log-mels are `(batch, mels, frames)`, latents `(batch, latent)`.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from aae.model.conditioning import NOTE_WIDTH, Condition
from aae.model.config import ModelConfig
from aae.model.performance import Performance
from mcnn.inversion.inverter import InverterConditioning


@dataclass
class Decoded:
    """The log-mels of a batch of notes, and what else a decoder says of their frames."""

    log_mel: Tensor
    """`(batch, mels, frames)`."""
    f0_hz: Tensor
    """`(batch, frames)`, the fundamental frequency that was drawn, or the nominal one where a decoder draws
    none; 0 for unpitched sounds."""
    inharmonicity: Tensor | None = None
    """`(batch,)`, Fletcher's coefficient B of the partials; None where the decoder draws none."""
    deviation_cents: Tensor | None = None
    """`(batch, frames)`, predicted f0 curve; None where the decoder has none."""
    residual: Tensor | None = None
    """`(batch, mels, frames)`, the part of the log-mel that is neither partials nor noise bands."""
    noise: Tensor | None = None
    """`(batch, mels, frames)`, share of the magnitude that is noise, 0 to 1; None if unknown."""

    def conditioning(self, seeds: tuple[int, ...] = ()) -> InverterConditioning:
        """The knowledge that inverters take beside log-mels.

        Args:
            seeds: One for each note; see `InverterConditioning.seeds`.
        """
        return InverterConditioning(self.f0_hz, self.inharmonicity, self.noise, seeds)


class Decoder(nn.Module, ABC):
    """The contract of both decoders: a latent, a condition and a performance make a log-mel."""

    whole_length: bool
    """Whether notes always span all frames of the front end (then their end is silence in the log-mel)."""
    mapping: "StyleMapping"
    """Latent and condition to style."""
    trait_head: nn.Sequential
    """Style to the columns of `aae.model.traits.Traits`."""

    @abstractmethod
    def decode_frames(
        self,
        style: Tensor,
        condition: Condition,
        performance: Performance,
        start: int = 0,
        stop: int | None = None,
    ) -> Decoded:
        """Makes a range of the frames of log-mels, with the same values as in the whole ones.

        Args:
            style: `(batch, style)`, from `mapping`.
            condition: Note and attributes, batch as `style`.
            performance: Of the whole notes; its `modulation_phase` sets their number of frames.
            start: First frame.
            stop: The frame after the last; if not given, all up to the end.
        """

    def half_precision_layers(self) -> list[nn.Linear]:
        """The layers that take most of the time and may be kept in less precision than the others."""
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
        """Predicts the note-level descriptors `(batch, traits)`, the columns of `aae.model.traits.Traits`."""
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
        n_in += NOTE_WIDTH * self.on_note + sum(sizes.values()) * self.on_attributes
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
