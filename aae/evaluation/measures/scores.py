"""The yardstick's judgement in between: scores of some new notes, or of any notes, without a report."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from aae.evaluation.judges.judgement import LiveVoice, judge
from aae.evaluation.judges.progress import run_silently
from aae.evaluation.judges.recognizer import Recognizer
from aae.evaluation.measures.control import shared_labels
from aae.evaluation.measures.requests import plan_requests, render_requests
from aae.notes.bank import NoteBank
from aae.synthesis.synthesizer import Synthesizer


def quick_scores(
    synthesizer: Synthesizer, bank: NoteBank, recognizer: Recognizer, n: int = 200, seed: int = 0
) -> dict[str, Any]:
    """Scores of about `n` new notes at random latents, for use during development.

    Args:
        synthesizer: The model.
        bank: Not read, but must have the model's front end.
        recognizer: Trained on the bank.
        n: How many notes; every instrument gets equally many, at least one.
        seed: Of every draw.

    Returns:
        As `Judgement.summary`, and `by_label` with the scores of each instrument.
    """
    synthesizer.info.spectrogram.require_equal(bank.config, "the model", str(bank.path))
    attribute = recognizer.info.main_attribute
    labels = shared_labels(synthesizer, recognizer, attribute)
    requests = plan_requests(synthesizer, attribute, labels, max(1, round(n / len(labels))), seed)
    judged = run_silently(judge(render_requests(synthesizer, requests), recognizer, total=len(requests)))
    return {**judged.summary(), "by_label": judged.summary_by_label(attribute)}


def score_notes(
    notes: Iterable[tuple[npt.NDArray[np.float32], int | None, str]], recognizer: Recognizer
) -> dict[str, Any]:
    """Scores of any notes.

    Args:
        notes: Waveform `(samples,)`, asked pitch (None if unpitched) and asked instrument of each.
        recognizer: Trained on real notes.

    Returns:
        As `quick_scores`.
    """
    attribute = recognizer.info.main_attribute
    sounding = [LiveVoice(waveform, pitch, {attribute: label}) for waveform, pitch, label in notes]
    judged = run_silently(judge(sounding, recognizer, total=len(sounding)))
    return {**judged.summary(), "by_label": judged.summary_by_label(attribute)}
