"""The shape of the auto-encoder: every setting that its weights depend on."""

from typing import Literal, Self

from pydantic import Field, model_validator

from mcnn.plain import Settings


class ModelConfig(Settings):
    """The shape of the auto-encoder."""

    latent_size: int = Field(3, ge=1)
    """Dimensions of z. Three make the 3-D view the space itself."""
    take_size: int = Field(0, ge=0)
    """Numbers beside z that tell one take of a note from another; a new note draws them by its seed."""
    decoder: Literal["harmonic", "convolutional"] = "harmonic"
    """Harmonic plus noise, or the paper's convolutional one."""
    condition_on_note: bool = True
    """Whether the decoder's layers are told semitone and octave."""
    condition_on_attributes: bool = True
    """Whether the decoder's layers are told instrument, technique and every other attribute."""
    measured_onset: bool = False
    """Whether the harmonic decoder is told where in a recording the attack lies."""
    attack_time: bool = False
    """Whether the note's traits hold how long its attack takes."""
    pitch_drift: bool = False
    """Whether they also hold how far its pitch drifts beyond vibrato; only together with attack times."""
    encoder_width: int = Field(192, ge=8)
    """Channels of the encoder."""
    decoder_width: int = Field(256, ge=8)
    """Channels of the decoder."""
    decoder_blocks: int = Field(4, ge=1)
    """Blocks of the harmonic decoder at half the frame rate."""
    style_width: int = Field(384, ge=8)
    """Width of the mapping from latent and condition to the decoder's modulations."""

    @model_validator(mode="after")
    def _drift_follows_attack(self) -> Self:
        if self.pitch_drift and not self.attack_time:
            raise ValueError("pitch_drift needs attack_time = true")
        return self
