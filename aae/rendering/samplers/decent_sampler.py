"""DecentSampler: a `.dspreset` beside its WAV files, or both in one `.dslibrary`, which is a zip archive.

Source: DecentSampler developers' guide (groups, samples, MIDI note bindings).
"""

import zipfile
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

from aae.rendering.samplers.instrument import Articulation, Instrument, Zone
from mcnn.plain import visible

NEEDED_VERSION = "1.4.0"
"""The first that has key switches."""
_ALWAYS = (1980, 1, 1, 0, 0, 0)
"""The time of every file in an archive, so that the same library is the same bytes."""


def preset_xml(instrument: Instrument) -> bytes:
    """The instrument as a `.dspreset`; its samples lie beside it."""
    root = ElementTree.Element(
        "DecentSampler", minVersion=NEEDED_VERSION, presetName=visible(instrument.name)
    )
    groups = ElementTree.SubElement(root, "groups")
    for position, articulation in enumerate(instrument.articulations):
        _add_group(groups, articulation, instrument.velocity_tracking, enabled=position == 0)
    if len(instrument.articulations) > 1:
        _add_switches(ElementTree.SubElement(root, "midi"), instrument)
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return text + b"\n"


def write_library(path: Path, instruments: Iterable[Instrument], samples: Path) -> None:
    """Writes a `.dslibrary`: a preset for each instrument and all their samples.

    Args:
        path: File to write.
        instruments: Whose samples are put in.
        samples: Folder that the samples lie in.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for instrument in instruments:
            archive.writestr(_entry(f"{instrument.name}.dspreset"), preset_xml(instrument))
            for file in sample_files(instrument):
                archive.writestr(_entry(file), (samples / file).read_bytes())


def sample_files(instrument: Instrument) -> list[str]:
    """Every file that an instrument plays, once."""
    zones = [zone for articulation in instrument.articulations for zone in articulation.zones]
    return list(dict.fromkeys(zone.sample.file for zone in zones))


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _ALWAYS)
    entry.external_attr = 0o644 << 16
    return entry


def _add_group(
    groups: ElementTree.Element, articulation: Articulation, tracking: float, *, enabled: bool
) -> None:
    group = ElementTree.SubElement(
        groups,
        "group",
        name=visible(articulation.name),
        enabled="true" if enabled else "false",
        ampVelTrack=f"{tracking:g}",
    )
    for zone in articulation.zones:
        ElementTree.SubElement(group, "sample", _sample_attributes(zone))


def _sample_attributes(zone: Zone) -> dict[str, str]:
    sample = zone.sample
    attributes = {
        "path": visible(sample.file),
        "rootNote": f"{sample.root_key}",
        "loNote": f"{zone.low_key}",
        "hiNote": f"{zone.high_key}",
        "loVel": f"{0 if zone.low_velocity == 1 else zone.low_velocity}",
        "hiVel": f"{zone.high_velocity}",
        "tuning": f"{-sample.tuning_cents / 100:.4f}",
        "release": f"{sample.release_s:g}",
        "loopEnabled": "true" if sample.loop else "false",
    }
    if not sample.pitched:
        attributes["pitchKeyTrack"] = "0"
    if sample.loop:
        start, end = sample.loop
        attributes |= {"loopStart": f"{start}", "loopEnd": f"{end}", "loopCrossfade": "0"}
    if zone.n_positions > 1:
        attributes |= {
            "seqMode": "round_robin",
            "seqLength": f"{zone.n_positions}",
            "seqPosition": f"{zone.position}",
        }
    return attributes


def _add_switches(midi: ElementTree.Element, instrument: Instrument) -> None:
    """For every switch a note that turns its group on and all others off."""
    for chosen, articulation in enumerate(instrument.articulations):
        note = ElementTree.SubElement(midi, "note", note=f"{articulation.switch_key}")
        for position in range(len(instrument.articulations)):
            ElementTree.SubElement(
                note,
                "binding",
                type="general",
                level="group",
                position=f"{position}",
                parameter="ENABLED",
                translation="fixed_value",
                translationValue="true" if position == chosen else "false",
            )
