from pathlib import Path

import pytest

from datasets.libraries.registry import adapter_for
from datasets.names.instrument_folders import says_nothing, telling_folders


@pytest.mark.parametrize(
    "folder",
    [
        *(
            "Samples",
            "samples",
            "SAMPLES",
            "Audio",
            "Wav",
            "WAVs",
            "Sounds",
            "Data",
            "Files",
            "Mono",
            "Stereo",
        ),
        *(
            "44k",
            "44.1kHz",
            "24bit",
            "24-bit",
            "48000",
            "Wav 24bit 48k",
            "WAV_44100_16",
            "Samples 2",
            "audio-01",
        ),
        *(
            "Samples 2",
            "audio-01",
            "Échantillons",
            "Aufnahmen",
            "Klänge",
            "Muestras",
            "Campioni",
            "Próbki",
            "サンプル",
            "The Samples",
        ),
    ],
)
def test_folders_that_hold_what_every_folder_holds_say_nothing(folder: str) -> None:
    assert says_nothing(folder)


@pytest.mark.parametrize(
    "folder",
    [
        "Rhodes Mk1",
        "Violin Samples",
        "long",
        "808",
        "16",
        "1",
        "Sounds of 808",
        "Notebook",
        "Waves of Oud",
        "-",
    ],
)
def test_folders_that_name_anything_are_kept(folder: str) -> None:
    assert not says_nothing(folder)


def test_the_folder_above_names_the_instrument(tmp_path: Path) -> None:
    for name in ("Rhodes Mk1/Samples/C4.wav", "Felt Piano/Wav/44k/soft/C4.wav", "Audio/Oboe/C4.wav"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    found = [recording.labels for recording in adapter_for("folder").recordings(tmp_path)]
    assert found == [{"instrument": "oboe"}, {"instrument": "felt-piano-soft"}, {"instrument": "rhodes-mk1"}]
    for source in (tmp_path / "Rhodes Mk1", tmp_path / "Rhodes Mk1" / "Samples"):
        (alone,) = adapter_for("folder").recordings(source)
        assert alone.labels == {"instrument": "rhodes-mk1"}


def test_where_no_folder_says_anything_the_nearest_is_the_name() -> None:
    assert telling_folders(("Samples",), Path("/Audio/Wav")) == ["Wav"]
    assert telling_folders((), Path("/")) == ["unnamed"]
