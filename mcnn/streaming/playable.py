"""The source-filter MCNN as it is used: played frame by frame, and whole notes by the same compiled loops."""

from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from mcnn.inversion.inverter import NO_CONDITIONING, Inverter, InverterConditioning
from mcnn.network.config import Precision
from mcnn.network.frozen import frozen_copy
from mcnn.network.source_filter import SourceFilterMcnn
from mcnn.streaming.contract import StreamingInverter
from mcnn.streaming.voice_bank import SourceFilterBank


def playable(inverter: Inverter) -> Inverter:
    """An inverter as it is to be used; one of a kind that can be streamed then can."""
    return PlayableMcnn(inverter) if isinstance(inverter, SourceFilterMcnn) else inverter


class PlayableMcnn(StreamingInverter):
    """A source-filter MCNN and the memory that playing it takes.

    Whole notes take the streamed way too where it may stand in for the network's own: it is several times as
    fast, and equal to 1e-5. The memory is no part of a copy or a pickle.

    Args:
        network: Its weights are used as they are now or will be.
        precision: What large layers are computed in where notes are streamed.
    """

    name: ClassVar[str] = SourceFilterMcnn.name
    uses_noise: ClassVar[bool] = SourceFilterMcnn.uses_noise

    def __init__(self, network: SourceFilterMcnn, precision: Precision = "f32") -> None:
        super().__init__(network.config)
        self.network = network
        self.precision: Precision = precision
        self._banks: list[tuple[object, SourceFilterBank]] = []
        self.train(network.training)

    def __getstate__(self) -> dict[str, Any]:
        """All but the memory."""
        return {**self.__dict__, "_banks": []}

    def forward(self, log_mel: Tensor, conditioning: InverterConditioning = NO_CONDITIONING) -> Tensor:
        """Waveforms; see `Inverter.forward`."""
        self.require_log_mel(log_mel)
        if self._can_play(log_mel, conditioning):
            return self._play(log_mel, conditioning)
        waveform: Tensor = self.network(log_mel, conditioning)
        return waveform

    def voice_bank(self, n_voices: int, precision: Precision | None = None) -> SourceFilterBank:
        """Memory for notes that are played together; see `StreamingInverter.voice_bank`."""
        return SourceFilterBank(self.network, n_voices, precision or self.precision)

    def variants(self) -> dict[str, Inverter]:
        """In bfloat16; the network as torch runs it; the same with trunk and heads as TorchScript."""
        return {
            "bf16": PlayableMcnn(self.network, "bf16"),
            "eager": self.network,
            "TorchScript": frozen_copy(self.network),
        }

    def _can_play(self, log_mel: Tensor, conditioning: InverterConditioning) -> bool:
        """Whether compiled loops, which know no gradients and no integrated phases, do for this batch."""
        return (
            log_mel.device.type == "cpu"
            and log_mel.dtype == self.network.entry.weight.dtype == torch.float32
            and not torch.is_grad_enabled()
            and not torch.is_autocast_enabled("cpu")
            and conditioning.f0_hz is not None
            and bool((conditioning.f0_hz > 0).any(1).all())
        )

    def _play(self, log_mel: Tensor, conditioning: InverterConditioning) -> Tensor:
        """Waveforms of notes with a pitch, one after the other, as they are streamed."""
        weights = [(p.data_ptr(), 0 if p.is_inference() else p._version) for p in self.parameters()]
        made_of = (self.precision, weights)
        # A list's pop and append are atomic: every thread has a bank of its own while it plays.
        kept = self._banks.pop() if self._banks else None
        bank = kept[1] if kept is not None and kept[0] == made_of else self.voice_bank(1)
        waveform = np.zeros((len(log_mel), log_mel.shape[2] * self.config.hop_length), np.float32)
        for i in range(len(log_mel)):
            bank.begin(0)
            bank.push(0, log_mel[i : i + 1], conditioning.one(i))
            bank.finish(0)
            bank.read([0], [waveform[i]])
        self._banks.append((made_of, bank))
        return torch.from_numpy(waveform)
