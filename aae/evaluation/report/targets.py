"""Targets of a model: the aim, what it reaches, and what real notes measured the same way reach."""

import math
from collections.abc import Mapping
from typing import Any

WITHIN_SHARE = 0.99
MEDIAN_CENTS = 3.0
MAIN_SHARE = 0.95
TECHNIQUE_SHARE = 0.85
READABLE_POINTS = 5.0
FRECHET_RATIO = 1.5
SHARP_ATTACK_MS = 5.0


def targets(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every aim, a row an inverter.

    Args:
        report: All other figures.

    Returns:
        `what`, `inverter`, `aim` and its `unit`, whether it is `at_least` or at most, `measured`, `real` (NaN
        where real notes have no such figure), `met`.
    """
    rows = []
    main = report["main_attribute"]
    ranged, reconstruction = report["control"]["range"], report["reconstruction"]
    for inverter in report["inverters"]:
        kind = f"generated/{inverter}"
        pitch, real_pitch = (ranged[name]["pitch"].get("swift-f0", {}) for name in (kind, "real"))
        real = ranged["real"]
        nan = float("nan")
        rows += [
            _row("notes within 50 cents of the asked pitch", inverter, WITHIN_SHARE, "share", True,
                 pitch.get("within_share", nan), real_pitch.get("within_share", nan)),
            _row("median pitch error", inverter, MEDIAN_CENTS, "cents", False,
                 pitch.get("median_cents", nan), real_pitch.get("median_cents", nan)),
            _row(f"asked {main} recognised, whole range", inverter, MAIN_SHARE, "share", True,
                 ranged[kind]["recognized"][main], real["recognized"][main]),
        ]  # fmt: skip
        if "technique" in report["attributes"]:
            mean = report["attributes"]["technique"]["well_trained_mean"]
            what = "asked technique recognised, mean of techniques with 20 or more training notes"
            rows.append(
                _row(what, inverter, TECHNIQUE_SHARE, "share", True, mean.get(kind, nan), mean["real"])
            )
        for name, frechet in report["distribution"]["frechet"].items():
            what = f"Fréchet distance over that of real notes resynthesised ({name})"
            real_ratio = frechet["real"] / frechet["resynthesized"] if frechet["resynthesized"] else nan
            rows.append(_row(what, inverter, FRECHET_RATIO, "ratio", False,
                             frechet["ratio"].get(inverter, nan), real_ratio))  # fmt: skip
        sound = reconstruction["sound"].get(inverter, {}).get("all", {})
        again = reconstruction["sound"].get("resynthesized", {}).get("all", {})
        if sound.get("sharp_notes"):
            rows.append(
                _row("attack time error, sharp techniques, median", inverter, SHARP_ATTACK_MS, "ms", False,
                     sound["sharp_attack_error_ms"], again.get("sharp_attack_error_ms", nan))
            )  # fmt: skip
    read = report["latent"]["readable"].get(main, {})
    measured = read.get("points_above_chance", float("nan"))
    if math.isfinite(measured):  # not of an attribute with one label
        what = f"{main} readable from the latent, points above chance"
        rows.append(_row(what, None, READABLE_POINTS, "points", False, measured, float("nan")))
    return rows


def _row(
    what: str, inverter: str | None, aim: float, unit: str, at_least: bool, measured: float, real: float
) -> dict[str, Any]:
    met = math.isfinite(measured) and (measured >= aim if at_least else measured <= aim)
    return {
        "what": what,
        "inverter": inverter,
        "aim": aim,
        "at_least": at_least,
        "unit": unit,
        "measured": measured,
        "real": real,
        "met": met,
    }
