"""The instrument that folders name: `Rhodes Mk1/Samples/C4.wav` is one of a Rhodes Mk1, not of Samples."""

import re
from collections.abc import Iterable
from pathlib import Path

from .plain_text import without_accents

_WORDS_FOR_CONTENTS = {
    "English": "sample samples sampled sampling audio audios sound sounds data file files note notes"
    " multisample multisamples recording recordings recorded raw original originals export exports bounce"
    " exported bounces bounced rendered normalized normalised trimmed edited clips content contents library"
    " lib untitled new folder assets media resources instrument instruments preset presets program"
    " programs patch patches main default the and of",
    "formats": "wav wave waves wavs flac flacs aif aiff aiffs aifs mp3 mp3s ogg mono stereo",
    "French": "échantillon échantillons son sons fichier fichiers enregistrement enregistrements données et",
    "German": "klang klänge klaenge aufnahme aufnahmen datei dateien daten ton töne toene ordner und",
    "Spanish": "muestra muestras sonido sonidos archivo archivos datos grabación grabaciones",
    "Italian": "campione campioni suono suoni registrazione registrazioni dati",
    "Portuguese": "amostra amostras som arquivo arquivos dados gravações",
    "Dutch, Swedish": "geluid geluiden opname opnames bestanden ljud inspelningar filer",
    "Polish": "próbka próbki dźwięk dźwięki nagrania pliki",
    "Russian": "сэмпл сэмплы семпл семплы звук звуки аудио файл файлы запись записи",
    "Japanese": "サンプル 音源 オーディオ 音声 録音",
    "Chinese": "采样 音频 声音 录音",
    "Korean": "샘플 오디오 사운드",
}
_SILENT_WORDS = frozenset(without_accents(" ".join(_WORDS_FOR_CONTENTS.values())).split())
"""Words for what every folder of a library holds, which tell it from no other."""
_TECHNICAL = re.compile(
    r"[0-9]+(?:\.[0-9]+)?(?:k|khz|hz|b|bit|bits)|(?:8000|11025|16000|22050|32000|44100|48000|88200|96000|192000)"
    r"|k|khz|hz|bit|bits|ch|pcm|float|(?:44|48|88|96|176|192|24|16|32)"
)
_WORD = re.compile(r"[^\W_]+(?:\.[0-9]+[^\W_]*)?")


def says_nothing(folder: str) -> bool:
    """Whether a folder's name is only that of its contents or their format: `Samples`, `WAV 24bit`, `44k`."""
    words = _WORD.findall(without_accents(folder).lower())
    silent = [word for word in words if word in _SILENT_WORDS or _TECHNICAL.fullmatch(word)]
    numbering = [word for word in words if word.isdigit() and len(word) <= 2]
    return set(words) == {*silent, *numbering} and not set(silent) <= set(numbering)


def telling_folders(folders: Iterable[str], source: Path) -> list[str]:
    """Names of folders that say something; the library's own, or one above it, if none of them does.

    Args:
        folders: From the library's folder down to the file's.
        source: The library's folder, or file.
    """
    telling = [folder for folder in folders if not says_nothing(folder)]
    if telling:
        return telling
    place = source.resolve()
    above = [folder.name for folder in (place, *place.parents) if folder.name]
    return [next((name for name in above if not says_nothing(name)), above[0] if above else "unnamed")]
