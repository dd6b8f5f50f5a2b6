"""Settings of an evaluation: how many notes are judged, and a tenth of that for a first look."""

from dataclasses import dataclass


@dataclass(frozen=True)
class EvaluationSettings:
    """Numbers of notes, and the seed of every draw; reports hold them under these names.

    Attributes:
        seed: Of every draw.
        notes_per_instrument: New notes of each instrument over its whole range.
        notes_in_middle: New notes of each instrument in octaves 3 and 4, the paper's protocol.
        notes_per_label: New notes of each label of every other attribute.
        most_real: Held-out notes that are judged; half of them are the measure of distributions.
        most_reconstructed: Held-out notes that go through encoder and decoder.
        most_inverted: Of these, how many become sound again.
        n_pyin: Notes of each kind that the slow second tracker hears.
        n_mixes: Pairs of instruments that are mixed.
        latents_per_mix: Points of the latent space at which each pair is mixed.
        n_paths: Straight paths through the latent space.
        most_training: Training notes whose latents and neighbourhood are looked at.
        most_drawn: Points in pictures of the latent space.
        most_disguised: Held-out notes by which the judges are checked.
    """

    seed: int = 0
    notes_per_instrument: int = 24
    notes_in_middle: int = 24
    notes_per_label: int = 16
    most_real: int = 1280
    most_reconstructed: int = 1280
    most_inverted: int = 400
    n_pyin: int = 120
    n_mixes: int = 16
    latents_per_mix: int = 24
    n_paths: int = 24
    most_training: int = 12_000
    most_drawn: int = 3000
    most_disguised: int = 200

    @classmethod
    def quick(cls, seed: int = 0, notes_per_instrument: int = 4) -> "EvaluationSettings":
        """About a tenth of the work."""
        return cls(
            seed=seed,
            notes_per_instrument=min(4, notes_per_instrument),
            notes_in_middle=2,
            notes_per_label=3,
            most_real=240,
            most_reconstructed=160,
            most_inverted=60,
            n_pyin=16,
            n_mixes=4,
            latents_per_mix=6,
            n_paths=4,
            most_training=1500,
            most_drawn=600,
            most_disguised=24,
        )
