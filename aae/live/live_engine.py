"""An engine for scripts: opens a model, plays its notes, and records them or plays them on a device."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import torch

from aae.live.audio_output import AudioOutput, RecordingOutput
from aae.live.engine import Engine
from aae.live.engine_process import synthesizer_of
from aae.live.offline_renderer import OfflineRenderer, OnWaveform
from aae.live.velocity import velocity_gain
from aae.model.model_file import LoadedModel, load_model
from aae.synthesis.request import NoteRequest
from mcnn.compiled import Floats
from mcnn.errors import InputError


class LiveEngine:
    """Holds a model, and plays notes with the voices, envelopes and limiter of the desktop.

    On a `RecordingOutput` it starts no thread: `record` makes the sound, as fast as it can be made, and the
    same calls give the same samples. On any other output notes sound at once, in real time. Either way it
    closes at the end of a `with` block.

    Args:
        loaded: An opened model file.
        output: Where the sound goes.
    """

    def __init__(self, loaded: LoadedModel, output: AudioOutput) -> None:
        self.info = loaded.info
        self.output = output
        self.failures: list[str] = []
        """What went wrong, in a line each; the engine plays on."""
        self._synthesizer, _ = synthesizer_of(loaded)
        self._mix = self.info.complete({})
        self._latent = (0.0,) * self.info.latent_size
        self._seed = 0
        self._renderer: OfflineRenderer | None = None
        if not output.is_offline:
            self._renderer = OfflineRenderer(self._synthesizer, self.failures.append)
        render = self._render if self._renderer is None else self._renderer.submit
        self._engine = Engine(loaded, render, output, self.failures.append)
        self._engine.start()

    @classmethod
    def open(
        cls, path: Path | str, output: Callable[[int], AudioOutput] = lambda _rate: RecordingOutput()
    ) -> Self:
        """Opens a model file; takes seconds. Torch is set to one thread, as the voices have theirs.

        Args:
            path: A model file.
            output: Makes the output for a sample rate. Records if not given; `audio_output.open_output` opens
                the system's sound device.

        Raises:
            InputError: If the model file cannot be used.
        """
        torch.set_num_threads(1)
        loaded = load_model(Path(path))
        return cls(loaded, output(loaded.info.spectrogram.sample_rate))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def sample_rate(self) -> int:
        """Samples per second."""
        return self._engine.sample_rate

    @property
    def peak(self) -> float:
        """Largest sample since it was last asked for."""
        return self._engine.take_peak()

    def set_sound(
        self,
        mix: Mapping[str, Mapping[str, float]] | None = None,
        latent: Sequence[float] | None = None,
        seed: int | None = None,
    ) -> None:
        """Sets how the next notes sound; what is not given stays.

        Args:
            mix: Attribute to label to weight; the model completes it.
            latent: A point of the latent space; its origin at first.
            seed: Of what differs between two takes of one point; 0 at first.

        Raises:
            InputError: For mixes or latents the model cannot take.
        """
        if latent is not None and len(latent) != self.info.latent_size:
            raise InputError(f"latent {tuple(latent)} is not {self.info.latent_size} numbers")
        self._mix = self._mix if mix is None else self.info.complete(mix)
        self._latent = self._latent if latent is None else tuple(latent)
        self._seed = self._seed if seed is None else seed

    def note_on(self, note: int | NoteRequest, velocity: int = 100) -> None:
        """Presses a key; one that is down already begins anew.

        Args:
            note: A MIDI pitch, which sounds as `set_sound` says, or a whole note request.
            velocity: How hard, 1 to 127.
        """
        if not isinstance(note, NoteRequest):
            note = NoteRequest(note, self._mix, self._latent, self._seed)
        self._engine.note_on(note.midi_pitch, note, velocity_gain(velocity))

    def note_off(self, note: int | NoteRequest) -> None:
        """Lets a key go: its note fades out in a quarter of a second."""
        self._engine.note_off(note.midi_pitch if isinstance(note, NoteRequest) else note)

    def stop_all(self) -> None:
        """Ends every note at once, without a click."""
        self._engine.stop_all()

    def record(self, duration_s: float) -> Floats:
        """Lets time go by, and returns what sounds meanwhile: `(samples,)`, never beyond 1.

        Keys that went down or up since the last call take effect with the next block of 512 samples.

        Args:
            duration_s: How long, in seconds.

        Raises:
            InputError: If a note could not be made.
            ValueError: If the output is not a `RecordingOutput`.
        """
        if not isinstance(self.output, RecordingOutput):
            raise ValueError("only an engine on a RecordingOutput can record")
        waveform = self.output.read(round(duration_s * self.sample_rate))
        if self.failures:
            raise InputError(self.failures.pop())
        return waveform

    def close(self) -> None:
        """Ends its threads and its output."""
        self._engine.close()
        if self._renderer is not None:
            self._renderer.close()

    def _render(self, request: NoteRequest, on_waveform: OnWaveform) -> None:
        """Renders a whole note, where it cannot be streamed, at once."""
        try:
            (waveform,) = self._synthesizer.render([request])
        except InputError as error:
            self.failures.append(str(error))
            on_waveform(None)
        else:
            on_waveform(waveform)
