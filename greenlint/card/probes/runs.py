"""What measured runs show, with the answers that complete them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.card.accelerators import find as find_accelerator
from greenlint.card.evidence import INDICATES, PROVES, REFUTES, REMARKS, Evidence
from greenlint.card.freshness import freshness
from greenlint.card.language import in_language, plain, text
from greenlint.card.moments import aware
from greenlint.card.signals import matches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.card.evidence import Material
    from greenlint.card.signals import Sign

_LOW_CARBON, _MIDDLING_CARBON = 100, 300
"""g/kWh. Six tables differ by a factor of ten for one country, so the steps are wide."""

_LEAN_WATTS = 100
_BUSY_PERCENT = 50

_SLACK = 1000
"""A limit a thousand times above what was measured limits nothing."""

_UNITS = {"kwh": "kWh", "gco2eq": "gCO2eq"}


def baseline_run(material: Material) -> Iterator[Evidence]:
    """Yield a measured run whose project says that it is the baseline, beside another one."""
    baseline = next((run for run in material.runs if "baseline" in run.project.lower()), None)
    if baseline and any(run.project != baseline.project for run in material.runs):
        name = baseline.project
        told = text(f'a measured run of "{name}"', f"une exécution mesurée de « {name} »")
        yield Evidence(INDICATES, "emissions", baseline.where, told)


def measured_variants(material: Material) -> Iterator[Evidence]:
    """Two or more projects with measured training."""
    first = {run.project: run for run in reversed(material.training) if run.project}
    if len(first) > 1:
        told = text(f"{len(first)} measured variants", f"{len(first)} variantes mesurées")
        yield Evidence(INDICATES, "emissions", next(iter(first.values())).where, told)


def whole_life(material: Material) -> Iterator[Evidence]:
    """Yield the four inputs of the whole-life formula: training, queries, energy per query, sourced intensity."""
    answers = material.answers
    figures = [answers.figure(name) for name in ("queries_per_day", "lifetime_days", "kwh_per_query")]
    if material.training and not material.is_untracked and None not in figures and answers.intensity is not None:
        told = text("all four inputs of the whole-life formula", "les quatre données de la formule sur toute la vie")
        yield Evidence(INDICATES, "answers", answers.path, told)


def energy_budget(material: Material) -> Iterator[Evidence]:
    """Yield a budget of energy or carbon that measurements exceed, that a CI job enforces, or that nothing enforces."""
    limits = {name: limit for name, limit in material.budget.items() if name in _UNITS}
    measured = {
        "kwh": sum(run.kwh for run in material.training),
        "gco2eq": sum(material.grams(run) or 0 for run in material.training),
    }
    over = next((name for name, limit in limits.items() if measured[name] > limit), None)
    binding = [name for name, limit in limits.items() if limit <= _SLACK * measured[name] and not material.is_untracked]
    if over:
        amount, limit, unit = measured[over], limits[over], _UNITS[over]
        told = text(
            f"{plain(amount)} {unit} measured, above the budget of {plain(limit)} {unit}",
            f"{plain(amount, 3, 'fr')} {unit} mesurés, au-delà du budget de {plain(limit, 3, 'fr')} {unit}",
        )
        yield Evidence(REFUTES, "emissions", "greenlint.toml", told)
    elif binding and (jobs := material.repository.ci_jobs):
        name, line = jobs[0]
        told = text(
            "a budget in greenlint.toml, and a CI job that runs greenlint",
            "un budget dans greenlint.toml, et une tâche d'intégration continue qui lance greenlint",
        )
        yield Evidence(PROVES, "repository", f"{name}:{line}", told)
    elif binding:
        told = text("a budget in greenlint.toml", "un budget dans greenlint.toml")
        yield Evidence(INDICATES, "repository", "greenlint.toml", told)
    elif limits:
        told = text("a budget that no measurement comes near", "un budget dont aucune mesure n'approche")
        yield Evidence(REMARKS, "repository", "greenlint.toml", told)


def stopped_early(material: Material) -> Iterator[Evidence]:
    """Yield a run whose log has fewer epochs than it planned."""
    for run in material.runs:
        # CarbonTracker measures the first epochs only unless told otherwise, which is no early stop.
        if run.planned_epochs and 1 < len(run.steps) < run.planned_epochs:
            told = text(
                f"{len(run.steps)} epochs of {run.planned_epochs} planned",
                f"{len(run.steps)} époques sur {run.planned_epochs} prévues",
            )
            yield Evidence(INDICATES, "emissions", run.where, told)


def fresh_measurement(material: Material) -> Iterator[Evidence]:
    """Yield the latest believable training run: a proof when it is not older than the training code."""
    if not material.training:
        return
    latest = max(material.training, key=lambda run: aware(run.ended).timestamp() if run.ended else 0.0)
    state = freshness(material)
    amount = f"{plain(latest.kwh)} kWh, {latest.tool}"
    montant = f"{plain(latest.kwh, 3, 'fr')} kWh, {latest.tool}"
    if state.is_fresh:
        told = text(amount, montant)
    elif state.uncommitted:
        told = text(
            f"{amount}; {state.uncommitted} has uncommitted changes",
            f"{montant} ; {state.uncommitted} a des modifications non validées",
        )
    elif state.changed is None or latest.ended is None:
        told = text(
            f"{amount}; whether it is newer than the code cannot be told",
            f"{montant} ; impossible de dire si elle est postérieure au code",
        )
    else:
        told = text(
            f"{amount}, of {latest.ended:%Y-%m-%d}; the code changed on {state.changed:%Y-%m-%d}",
            f"{montant}, du {latest.ended:%Y-%m-%d} ; le code a changé le {state.changed:%Y-%m-%d}",
        )
    yield Evidence(PROVES if state.is_fresh else INDICATES, "emissions", latest.where, told)


def recorded_runs(material: Material) -> Iterator[Evidence]:
    """Yield runs with an id, a duration and an energy."""
    runs = [run for run in material.training if run.seconds]
    if runs:
        told = (
            text("1 measured run", "1 exécution mesurée")
            if len(runs) == 1
            else text(f"{len(runs)} measured runs", f"{len(runs)} exécutions mesurées")
        )
        yield Evidence(PROVES, "emissions", runs[-1].where, told)


def energy_per_epoch(material: Material) -> Iterator[Evidence]:
    """Yield a run with energies of its epochs or tasks, or a declared number of epochs."""
    epochs = material.answers.figure("epochs")
    stepped = next((run for run in material.training if len(run.steps) > 1), None)
    if stepped:
        told = text(
            f"energy of {len(stepped.steps)} epochs or tasks", f"énergie de {len(stepped.steps)} époques ou tâches"
        )
        yield Evidence(PROVES, "emissions", stepped.where, told)
    elif epochs and material.training:
        told = text(
            f"energy of the run over {epochs:g} declared epochs",
            f"énergie de l'exécution sur {in_language(f'{epochs:g}', 'fr')} époques déclarées",
        )
        yield Evidence(INDICATES, "emissions", material.training[-1].where, told)


def lean_hardware(material: Material) -> Iterator[Evidence]:
    """Yield an accelerator that was kept busy, or no strong accelerator at all; an idle one refutes nothing."""
    for run in material.training:
        device = find_accelerator(run.gpu_model) if run.gpu_model else None
        if run.gpu_used_percent and run.gpu_used_percent >= _BUSY_PERCENT:
            used = f"{run.gpu_used_percent:.0f} %"
            told = text(f"accelerator used at {used}", f"accélérateur utilisé à {used}")
        elif device and device.watts <= _LEAN_WATTS:
            told = text(f"{device.name}, {device.watts:.0f} W")
        # Trackers miss accelerators that they have no driver for, so code that names one leaves the question open.
        elif run.cpu_model and not run.gpu_model and not _names_an_accelerator(material):
            told = text("the tracker saw no accelerator", "l'outil n'a vu aucun accélérateur")
        else:
            continue
        yield Evidence(INDICATES, "emissions", run.where, told)
        return


def grid_intensity(material: Material) -> Iterator[Evidence]:
    """Carbon over energy of all training runs together, by the trackers' own figures."""
    runs = [run for run in material.training if run.grams is not None]
    if not runs:
        return
    grams_per_kwh = sum(run.grams or 0 for run in runs) / sum(run.kwh for run in runs)
    zones = ", ".join(sorted({run.country for run in runs if run.country}))
    told = f"{grams_per_kwh:.0f} g/kWh{f' ({zones})' if zones else ''}"
    if grams_per_kwh > _LOW_CARBON or not _place_was_given(material):
        role = PROVES if grams_per_kwh <= _LOW_CARBON else INDICATES if grams_per_kwh <= _MIDDLING_CARBON else REFUTES
        says = text(f"{told}, the tracker's own factor", f"{told}, facteur de l'outil de mesure")
    else:
        role = INDICATES
        says = text(
            f"{told}, but the code gives the tracker its country",
            f"{told}, mais le code donne le pays à l'outil de mesure",
        )
    yield Evidence(role, "emissions", runs[-1].where, says)


def low_carbon_inference(material: Material) -> Iterator[Evidence]:
    """Measured inference on a low-carbon grid."""
    for run in material.runs:
        if run.stage == "inference" and run.intensity is not None and run.intensity <= _LOW_CARBON:
            yield Evidence(INDICATES, "emissions", run.where, text(f"{run.intensity:.0f} g/kWh"))


def measured_inference(material: Material) -> Iterator[Evidence]:
    """Measured inference with its number of requests."""
    for run in material.runs:
        if run.stage != "inference":
            continue
        energy, energie = f"{plain(run.kwh)} kWh", f"{plain(run.kwh, 3, 'fr')} kWh"
        if run.requests:
            told = text(f"{energy} for {run.requests} requests", f"{energie} pour {run.requests} requêtes")
        else:
            told = text(f"{energy}, requests not counted", f"{energie}, requêtes non comptées")
        yield Evidence(PROVES if run.requests else INDICATES, "emissions", run.where, told)


def saves_and_resumes(material: Material) -> Iterator[Evidence]:
    """Training state that the code both saves and loads."""
    for saving, loading in (
        (
            ("torch.save", "*.save_checkpoint", "*.save_state"),
            ("*.load_state_dict", "*.load_checkpoint", "*.load_state"),
        ),
        (("*.ModelCheckpoint|used",), ("*.load_model", "*.load_weights", "*.load_from_checkpoint")),
    ):
        saved, loaded = _first(material, saving), _first(material, loading)
        if saved and loaded:
            told = text(f"saved here, loaded at {loaded.where}", f"sauvegardé ici, rechargé à {loaded.where}")
            yield Evidence(INDICATES, "python", saved.where, told)
            return


def _names_an_accelerator(material: Material) -> bool:
    """Tell whether the code asks for an accelerator, by a call or by the name of a device."""
    calls = ("*.cuda", "*.cuda.is_available", "*.mps.is_available")
    return _first(material, calls) is not None or any(
        sign.first.startswith(("cuda", "mps", "xpu")) for sign in material.signs or ()
    )


def _place_was_given(material: Material) -> bool:
    """Tell whether the code names the country to an offline tracker, which then believes it."""
    return _first(material, ("codecarbon.*Offline*", "codecarbon.*(country_iso_code)")) is not None


def _first(material: Material, patterns: tuple[str, ...]) -> Sign | None:
    return next((s for s in material.signs or () if any(matches(pattern, s) for pattern in patterns)), None)
