"""The state of the desktop: sound, pad and path, their history, and who is called when they change. Qt-free.

Every change goes through a method here, makes a new `ProjectState` and calls all who subscribed. Changes
with the same tag (a slider that is being dragged) are one step of the history until `settle` is called.
"""

from collections.abc import Callable, Mapping

import numpy as np

from aae.live.velocity import VelocityCurve
from aae.model.model_info import ModelInfo
from aae.synthesis.request import NoteRequest

from .latent_pad import MAX_NAME_LENGTH, N_CORNERS, Corner, LatentPad
from .latent_path import LatentPath
from .project_state import ProjectState
from .sound import MAX_VARIATION, AttributeMix, Sound, dial_latent

MAX_HISTORY_LENGTH = 500
SURPRISE_LABELS = 2
"""Labels of the first attribute that a surprise mixes at most."""


class Session:
    """The sound that is being edited.

    Args:
        info: The model's facts: its labels, and what was trained.
        sound: What to begin with; if not given, the label trained most often of each attribute.
    """

    def __init__(self, info: ModelInfo, sound: Sound | None = None) -> None:
        self.info = info
        self._listeners: list[Callable[[], object]] = []
        self._project = ProjectState(self.fitted(sound) if sound is not None else self._most_trained())
        self._undo: list[ProjectState] = []
        self._redo: list[ProjectState] = []
        self._tag: str | None = None
        self.velocity = VelocityCurve(self.info.vocabularies)
        self.velocity_plays_dynamics = False

    @property
    def project(self) -> ProjectState:
        """Sound, pad and path as they are now."""
        return self._project

    @property
    def sound(self) -> Sound:
        """The present sound."""
        return self._project.sound

    @property
    def pad(self) -> LatentPad:
        """The pad's corners and its puck."""
        return self._project.pad

    @property
    def path(self) -> LatentPath:
        """The recorded path."""
        return self._project.path

    def subscribe(self, listener: Callable[[], object]) -> None:
        """Calls a function after every change."""
        self._listeners.append(listener)

    def set_weight(self, attribute: str, label: str, weight: float) -> None:
        """Moves a slider."""
        mix = self.sound.mixes[attribute].with_weight(label, weight)
        self._change(self.sound.with_mix(attribute, mix), f"weight {attribute} {label}")

    def set_only(self, attribute: str, weights: Mapping[str, float]) -> None:
        """Sets all sliders of an attribute that are not locked."""
        self._change(self.sound.with_mix(attribute, self.sound.mixes[attribute].with_only(weights)))

    def set_lock(self, attribute: str, label: str, locked: bool) -> None:
        """Locks a slider, or frees it."""
        mix = self.sound.mixes[attribute].with_lock(label, locked)
        self._change(self.sound.with_mix(attribute, mix))

    def set_solo(self, attribute: str, label: str | None) -> None:
        """Plays one label alone, or, with None, all."""
        self._change(self.sound.with_mix(attribute, self.sound.mixes[attribute].with_solo(label)))

    def set_normalised(self, attribute: str, normalised: bool) -> None:
        """Makes weights add up to 1, or leaves them free."""
        mix = self.sound.mixes[attribute].with_normalised(normalised)
        self._change(self.sound.with_mix(attribute, mix))

    def set_latent(self, latent: tuple[float, ...], take: tuple[float, ...] = ()) -> None:
        """Goes to a point of the latent space, and to a recording's take if it was found in one."""
        if len(latent) != self.info.latent_size:
            raise ValueError(f"latent {latent} is not {self.info.latent_size} numbers")
        self._change(self.sound.changed(latent=latent, take=take, variation=None), "latent")

    def set_variation(self, variation: float) -> None:
        """Turns the variation dial."""
        variation = min(max(variation, 0.0), MAX_VARIATION)
        latent = dial_latent(variation, self.info.latent_size)
        seed = int(variation)
        self._change(self.sound.changed(variation=variation, latent=latent, take=(), seed=seed), "variation")

    def new_variation(self, random: np.random.Generator | None = None) -> None:
        """Goes to a random variation."""
        random = random or np.random.default_rng()
        self.settle()
        self.set_variation(float(random.integers(int(MAX_VARIATION))))
        self.settle()

    def surprise(self, random: np.random.Generator | None = None) -> None:
        """Goes to a random trained mix and a random variation; locked sliders stay."""
        random = random or np.random.default_rng()
        rows = self.info.coverage.combinations
        counts = np.array([row.count for row in rows], np.float64) ** 0.5
        chosen = [rows[i] for i in random.choice(len(rows), SURPRISE_LABELS, p=counts / counts.sum())]
        share = float(random.uniform(0.35, 0.65))
        names = self.info.coverage.attributes
        sound = self.sound
        for column, name in enumerate(names):
            labels = [row.labels[column] for row in chosen[: SURPRISE_LABELS if column == 0 else 1]]
            weights = [share, 1.0 - share] if len(set(labels)) > 1 else [1.0]
            mix = {label: weight for label, weight in zip(labels, weights, strict=False) if label}
            sound = sound.with_mix(name, sound.mixes[name].with_solo(None).with_only(mix))
        variation = float(random.integers(int(MAX_VARIATION)))
        latent = dial_latent(variation, self.info.latent_size)
        self._change(sound.changed(variation=variation, latent=latent, take=(), seed=int(variation)))

    def set_path(self, path: LatentPath) -> None:
        """Takes another path."""
        self._set_project(self._project.changed(path=path))

    def set_corner(self, number: int, latent: tuple[float, ...] | None, name: str = "") -> None:
        """Chooses a corner of the pad; the sound stays what it is until the puck is moved.

        Args:
            number: 1 to 4.
            latent: None empties the corner.
            name: Where the point was found.
        """
        if latent is not None and len(latent) != self.info.latent_size:
            raise ValueError(f"latent {latent} is not {self.info.latent_size} numbers")
        corner = None if latent is None else Corner(latent=latent, name=name[:MAX_NAME_LENGTH])
        self._set_project(self._project.changed(pad=self.pad.with_corner(number, corner)))

    def set_corner_here(self, number: int) -> None:
        """Takes the point of the sound for a corner, 1 to 4."""
        variation = self.sound.variation
        name = "cursor" if variation is None else f"variation {variation:g}"
        self.set_corner(number, self.sound.latent, name)

    def fill_pad(self, random: np.random.Generator | None = None) -> None:
        """Puts random variations into the empty corners; into all four, if none is empty."""
        random = random or np.random.default_rng()
        pad = self.pad
        empty = [n for n in range(1, N_CORNERS + 1) if pad.corners[n - 1] is None]
        for number in empty or range(1, N_CORNERS + 1):
            variation = int(random.integers(int(MAX_VARIATION)))
            latent = dial_latent(float(variation), self.info.latent_size)
            pad = pad.with_corner(number, Corner(latent=latent, name=f"variation {variation}"))
        self._set_project(self._project.changed(pad=pad))

    def move_puck(self, x: float, y: float) -> None:
        """Moves the puck, and with it, if any corner is chosen, the point of the sound."""
        pad = self.pad.with_puck(x, y)
        latent, sound = pad.latent(), self.sound
        if latent is not None and not pad.leads_to(sound.latent):
            sound = sound.changed(latent=latent, take=(), variation=None)
        self._set_project(self._project.changed(pad=pad, sound=sound), "pad")

    def clear_pad(self) -> None:
        """Empties all corners; the puck stays."""
        self._set_project(self._project.changed(pad=LatentPad(x=self.pad.x, y=self.pad.y)))

    def begin_with(self, pad: LatentPad, path: LatentPath) -> None:
        """Takes the pad and the path of an earlier session, as no step of the history."""
        self._project = self._project.with_parts(pad, path, self.info.latent_size)
        self._notify()

    def load(self, sound: Sound, pad: LatentPad | None = None, path: LatentPath | None = None) -> None:
        """Takes another sound, as a preset has it; locked sliders stay.

        Args:
            sound: Which.
            pad: Taken too, if it is given and of this model's latent space.
            path: The same.
        """
        fitted = self.fitted(sound)
        for name, mix in self.sound.mixes.items():
            if mix.locked:
                kept = fitted.mixes[name].model_copy(update={"locked": mix.locked})
                held = {label: mix.weights[label] for label in mix.locked if label in mix.weights}
                free = {label: w for label, w in kept.weights.items() if label not in mix.locked}
                base = kept.model_copy(update={"weights": held})
                fitted = fitted.with_mix(name, base.with_only(free))
        self._set_project(self._project.changed(sound=fitted).with_parts(pad, path, self.info.latent_size))

    def fitted(self, sound: Sound) -> Sound:
        """A sound as this model can make it: labels that it lacks are left out, a foreign latent redrawn."""
        mixes = {}
        for name, labels in self.info.vocabularies.items():
            mix = sound.mixes.get(name, AttributeMix())
            known = {label: weight for label, weight in mix.weights.items() if label in labels}
            solo = mix.solo if mix.solo in labels else None
            mixes[name] = AttributeMix(
                weights=known, locked=mix.locked & set(labels), solo=solo, is_normalised=mix.is_normalised
            )
        fitted = sound.changed(mixes=mixes)
        if len(sound.latent) != self.info.latent_size:
            fitted = fitted.changed(latent=dial_latent(0.0, self.info.latent_size), variation=0.0)
        if sound.take and len(sound.take) != self.info.model.take_size:
            fitted = fitted.changed(take=())
        return fitted

    def settle(self) -> None:
        """Ends a gesture: the next change is a step of its own."""
        self._tag = None

    @property
    def can_undo(self) -> bool:
        """Whether there is something to take back."""
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        """Whether something was taken back."""
        return bool(self._redo)

    def undo(self) -> None:
        """Takes the last step back."""
        self._step(self._undo, self._redo)

    def redo(self) -> None:
        """Takes the step again that was taken back."""
        self._step(self._redo, self._undo)

    def request(self, midi_pitch: int | None, velocity: int = 100) -> NoteRequest:
        """The note of a key.

        Args:
            midi_pitch: Which key; None for a sound without pitch.
            velocity: How hard, 1 to 127.
        """
        mix = self.full_mix()
        if self.velocity_plays_dynamics:
            mix = mix | self.velocity.mix(velocity)
        return NoteRequest(midi_pitch, mix, self.sound.latent, self.sound.seed, self.sound.take or None)

    def full_mix(self) -> dict[str, dict[str, float]]:
        """The mix that is heard; attributes without any weight get what is usual beside the others."""
        return self.info.complete(self.sound.heard())

    def trained_range(self) -> tuple[int, int] | None:
        """Lowest and highest MIDI pitch trained with the strongest labels; None if none was."""
        return self.info.coverage.pitch_range(self.full_mix())

    def model_range(self) -> tuple[int, int]:
        """Lowest and highest MIDI pitch of all training notes."""
        rows = [row for row in self.info.coverage.combinations if row.low >= 0]
        return (min(row.low for row in rows), max(row.high for row in rows)) if rows else (36, 96)

    def title(self) -> str:
        """The sound in a few words, its first attribute first: `violin 0.5 + clarinet 0.5, pizz-normal`."""
        parts = []
        for weights in self.full_mix().values():
            ordered = sorted(weights.items(), key=lambda item: -item[1])
            words = [label if weight == 1 else f"{label} {weight:.2g}" for label, weight in ordered if weight]
            if words:
                parts.append(" + ".join(words))
        return ", ".join(parts)

    def _most_trained(self) -> Sound:
        mixes = {
            name: AttributeMix(weights=dict(weights)) for name, weights in self.info.complete({}).items()
        }
        return Sound(mixes=mixes, latent=dial_latent(0.0, self.info.latent_size), variation=0.0)

    def _step(self, source: list[ProjectState], target: list[ProjectState]) -> None:
        """Goes back to the newest state of one list; the present one becomes the newest of the other."""
        if source:
            target.append(self._project)
            self._project = source.pop()
            self._tag = None
            self._notify()

    def _change(self, sound: Sound, tag: str | None = None) -> None:
        self._set_project(self._project.changed(sound=sound), tag)

    def _set_project(self, project: ProjectState, tag: str | None = None) -> None:
        if project == self._project:
            return
        if tag is None or tag != self._tag:
            self._undo.append(self._project)
            del self._undo[:-MAX_HISTORY_LENGTH]
        self._redo.clear()
        self._project, self._tag = project, tag
        self._notify()

    def _notify(self) -> None:
        for listener in self._listeners:
            listener()
