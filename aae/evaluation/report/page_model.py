"""The page's parts about the latent space, mixes and distributions."""

from collections.abc import Mapping
from typing import Any

from aae.evaluation.report.blocks import Block, Picture, Text, number, percent, table

LATENT_PICTURE = "latent-3d.png"
TSNE_PICTURE = "latent-tsne.png"
MIX_PICTURE = "mixes.png"


def latent_part(report: Mapping[str, Any]) -> list[Block]:
    """Readability, prior, smoothness, and the space itself."""
    found, main = report["latent"], report["main_attribute"]
    readable = {
        **found["readable"],
        **{f"{name}, from latent and take": scores for name, scores in found.get("with_takes", {}).items()},
    }
    rows = [
        [
            name,
            percent(scores["share"]),
            percent(scores["chance_share"]),
            number(scores["points_above_chance"]),
            percent(scores["balanced_share"]),
            percent(scores["balanced_chance"]),
        ]
        for name, scores in readable.items()
    ]
    prior, paths = found["prior"], found["paths"]
    axes = ", ".join(
        f"{number(mean, 2)} ± {number(spread, 2)}"
        for mean, spread in zip(prior["mean"], prior["standard_deviation"], strict=True)
    )
    return [
        Text("## Latent space"),
        Text(
            "How often a fresh classifier, trained on the latents of training notes, names a held-out "
            "note's label; chance is always naming the most frequent one. A latent that tells nothing of a "
            "label (near chance) leaves the control of it to the condition: the purpose of the latent "
            "discriminator."
        ),
        Text(table(["attribute", "read", "chance", "points above", "balanced", "balanced chance"], rows)),
        Text(
            f"**Prior.** Held-out notes lie at {axes} on the axes (the prior: 0 ± 1). Squared maximum mean "
            f"discrepancy from the prior {number(prior['mmd'], 4)} (of the prior's own points: "
            f"{number(prior['mmd_of_prior'], 4)}), energy distance {number(prior['energy_distance'], 4)} "
            f"({number(prior['energy_distance_of_prior'], 4)})."
        ),
        Text(
            f"**Smoothness.** {paths['paths']} straight paths between random points, each in 32 steps: a "
            f"step changes the sound by {number(paths['step_db'], 2)} dB on average, the largest step of a "
            f"path is {number(paths['largest_over_mean'])} times its mean "
            f"({number(paths['largest_step_db'], 2)} dB), both ends are {number(paths['ends_db'])} dB apart "
            "(log-spectral distance)."
        ),
        Picture(
            LATENT_PICTURE, f"Real notes in the latent space, coloured by {main} and by every other attribute"
        ),
        Picture(TSNE_PICTURE, "The same points by t-SNE"),
    ]


def mixing_part(report: Mapping[str, Any]) -> list[Block]:
    """Mixes from A to B, weights above 1, combinations that no one played."""
    found, main = report["mixing"], report["main_attribute"]
    rows = [
        [
            f"{pair['first']} → {pair['second']}",
            percent(pair["shares"][0][0]),
            percent(sum(pair["shares"][len(pair["shares"]) // 2])),
            percent(pair["shares"][-1][1]),
            "yes" if pair["rises"] else "no",
        ]
        for pair in found["pairs"]
    ]
    more, unseen = found["more"], found["unseen"]
    blocks: list[Block] = [
        Text("## Mixing"),
        Text(
            f"Pairs mixed in steps of 10 % at {report['settings']['latents_per_mix']} points of the latent "
            "space, on a note that both play; shares are the recogniser's probabilities, averaged. Steady: "
            "the second's part of both never falls by more than 2 points from one step to the next. "
            f"**{percent(found['monotone_share'])}** of the pairs are. At half and half both together are "
            f"{percent(found['both_at_half'])} of what is heard."
        ),
    ]
    if rows:
        blocks += [
            Text(table(["pair", "first, pure", "both, at half", "second, pure", "steady"], rows)),
            Picture(MIX_PICTURE, "What is heard along each mix"),
        ]
    if more["share"]:
        blocks += [
            Text(f"Weights of one {main} alone, mean share at which it is heard:"),
            Text(
                table(
                    ["weight", *(number(weight) for weight in more["weights"])],
                    [["heard", *(percent(share) for share in more["share"])]],
                )
            ),
        ]
    if unseen["notes"]:
        blocks.append(
            Text(
                f"Techniques that an {main} never played ({unseen['notes']} notes): the {main} is heard in "
                f"{percent(unseen['main_recognized_share'])}, the technique (among all) in "
                f"{percent(unseen['technique_recognized_share'])}."
            )
        )
    return blocks


def distribution_part(report: Mapping[str, Any]) -> list[Block]:
    """Fréchet distances, diversity, copies."""
    found = report["distribution"]
    rows = []
    for name, frechet in found["frechet"].items():
        rows.append([name, "real notes", number(frechet["real"], 2), ""])
        base = frechet["resynthesized"]
        rows.append([name, "real, resynthesised", number(base, 2), number(1.0, 2)])
        for inverter, distance in frechet["generated"].items():
            rows.append(
                [name, f"new, {inverter}", number(distance, 2), number(frechet["ratio"][inverter], 2)]
            )
    diversity, nearest = found["diversity"], found["nearest"]
    return [
        Text("## Distribution"),
        Text(
            "Half of the held-out notes is the reference. Against it stand the other half "
            f"({found['notes']} notes), the same notes resynthesised by Griffin-Lim, and as many new notes "
            "with their very labels and pitches, tuned like them, at random points. Squared Fréchet distance "
            "on the reference's 32 main axes:"
        ),
        Text(table(["embedding", "notes", "distance", "over resynthesised"], rows)),
        Text(
            f"**Diversity.** {diversity['pairs']} pairs of notes of like instrument and technique within "
            f"two semitones: real ones lie {number(diversity['real'], 2)} apart in the recogniser's "
            f"embedding, the new ones asked like them {number(diversity['generated'], 2)}, that is "
            f"**{percent(diversity['ratio'])}** of the real spread."
        ),
        Text(
            f"**Copies.** Distance to the nearest of {nearest['training_notes']} training notes, in what "
            f"the recogniser sees: median {number(nearest['generated_median'])} for new notes, "
            f"{number(nearest['real_median'])} for real held-out ones. "
            f"{percent(nearest['nearer_than_copies_share'])} of the new notes are nearer to a training note "
            f"than the nearest hundredth of the real ones ({number(nearest['copy_distance'])}; the nearest "
            f"new note: {number(nearest['generated_nearest'])})."
        ),
    ]
