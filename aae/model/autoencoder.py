"""The conditioned auto-encoder: E(x) → z, D(z, c) → x.

Parts are built first and handed in: an unconditioned `Encoder` and one of the conditioned decoders behind one
contract, `Decoder`.

Source: Bitton, Esling, Caillon and Fouilleul, "Assisted Sound Sample Generation with Musical Conditioning in
Adversarial Auto-Encoders", DAFx-19 (arXiv 1904.06215), section 3.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from aae.model.conditioning import Condition
from aae.model.config import ModelConfig
from aae.model.convolutional_decoder import ConvolutionalDecoder
from aae.model.decoder import Decoded, Decoder
from aae.model.encoder import Encoder, Encoding
from aae.model.harmonic_decoder import HarmonicDecoder
from aae.model.performance import Performance
from mcnn.spectral.config import SpectrogramConfig

DECODERS: dict[str, Callable[[ModelConfig, SpectrogramConfig, dict[str, int]], Decoder]] = {
    "harmonic": HarmonicDecoder,
    "convolutional": ConvolutionalDecoder,
}
"""By the names of `ModelConfig.decoder`."""


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
            take_noise: `(batch, take)`, in standard deviations of the encoded takes.

        Returns:
            The encoding, its decoding, and the predicted traits `(batch, traits)`.
        """
        encoding = self.encoder.encode(log_mel, performance.mask(log_mel.shape[2]))
        latent, take = encoding.latent + latent_noise, encoding.take
        if take is not None and encoding.take_log_variance is not None:
            take = take + torch.exp(0.5 * encoding.take_log_variance) * take_noise
        return (
            encoding,
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
    encoder = Encoder(config, spectrogram)  # first: the initial weights follow from the order of their draws
    return AutoEncoder(encoder, DECODERS[config.decoder](config, spectrogram, sizes))
