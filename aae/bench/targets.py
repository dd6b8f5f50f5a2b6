"""Targets of real-time use, and whether the figures of a bench meet them."""

from aae.bench.decoded import DecodedBench
from aae.bench.inversion import InversionBench, InversionRow
from aae.bench.latency import LatencyBench
from aae.bench.speed import ModelBench
from mcnn.plain import Settings

REFERENCE = "griffin-lim 100"
"""What the quality of a live inverter is held against."""
REALTIME = 40.0
REALTIME_MOONSHOT = 100.0
FIRST_BLOCK_MS = 15.0
PITCH_CENTS = 5.0
MAX_MEGABYTES = 12.0


class Target(Settings):
    """One aim."""

    what: str
    aim: str
    measured: str
    met: bool


def targets(
    live: str,
    speed: ModelBench,
    latency: LatencyBench | None,
    recordings: InversionBench | None,
    decoded: DecodedBench | None,
) -> tuple[Target, ...]:
    """Every aim about which there is a figure.

    Args:
        live: The inverter that the model plays with.
        speed: Of the model.
        latency: Of the model.
        recordings: Inversions of real notes' log-mels; None where there were none.
        decoded: Inversions of the decoder's log-mels.
    """
    found = [_speed(speed), *_latency(latency)]
    if recordings is not None and any(row.method == live for row in recordings.rows):
        found.append(_quality("from recordings' log-mels", *recordings.beside(live, REFERENCE)))
    if decoded is not None and any(row.method == live for row in decoded.rows):
        mine, other = decoded.row(live), decoded.row(REFERENCE)
        shares = [
            ("clicks", 100 * mine.click_share, 100 * other.click_share),
            ("broken", 100 * mine.broken_share, 100 * other.broken_share),
        ]
        found.append(_quality("from the decoder's log-mels", mine, other, shares))
        if mine.pitch_cents is not None:
            found.append(
                Target(
                    what="pitch against the asked one, median",
                    aim=f"under {PITCH_CENTS:g} cents",
                    measured=f"{mine.pitch_cents:.2f} cents",
                    met=mine.pitch_cents < PITCH_CENTS,
                )
            )
    megabytes = speed.inverter_bytes / 1e6
    found.append(
        Target(
            what="the inverter in the model file",
            aim=f"under {MAX_MEGABYTES:g} MB",
            measured=f"{megabytes:.1f} MB",
            met=megabytes < MAX_MEGABYTES,
        )
    )
    return tuple(found)


def _speed(speed: ModelBench) -> Target:
    row = speed.fastest(1)
    return Target(
        what=f"decoder and inverter, one thread, {row.note_s:.1f} s",
        aim=f"{REALTIME:g} times real time; moonshot {REALTIME_MOONSHOT:g}",
        measured=f"{row.realtime_factor:.0f} times ({row.part})",
        met=row.realtime_factor >= REALTIME,
    )


def _latency(latency: LatencyBench | None) -> list[Target]:
    if latency is None:
        return []
    row = latency.row("f32")
    return [
        Target(
            what="note request to first block, 99th percentile",
            aim=f"{FIRST_BLOCK_MS:g} ms",
            measured=f"{row.first_block.p99_ms:.1f} ms",
            met=row.first_block.p99_ms <= FIRST_BLOCK_MS,
        ),
        Target(
            what=f"{latency.n_voices} voices at once, one thread",
            aim=f"99 of 100 blocks within {latency.block_ms:.1f} ms",
            measured=f"{row.block.p99_ms:.1f} ms, margin {100 * row.margin:.0f} %",
            met=row.margin >= 0,
        ),
    ]


def _quality(
    what: str,
    mine: InversionRow,
    other: InversionRow,
    shares: list[tuple[str, float, float]] | None = None,
) -> Target:
    """Nearer than the reference by both distances, and no worse in how many notes have a fault."""
    distances = [
        ("convergence", mine.spectral_convergence, other.spectral_convergence),
        ("log-magnitude", mine.log_magnitude_db, other.log_magnitude_db),
    ]
    met, words = True, []
    for name, own, reference in distances:
        if own is not None and reference is not None:
            met = met and own < reference
            words.append(f"{name} {own:.3f} / {reference:.3f}")
    for name, own, reference in shares or []:
        met = met and own <= reference
        words.append(f"{name} {own:.0f} / {reference:.0f} %")
    return Target(what=f"quality {what}", aim=f"better than {REFERENCE}", measured=", ".join(words), met=met)
