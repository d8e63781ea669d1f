"""Probes: what models, emission files and the repository show for one item; named by `check` in the checklist.

Each probe looks at the material and yields evidence. It says nothing where it cannot tell.
"""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import TYPE_CHECKING

from greenlint.card.accelerators import find as find_accelerator
from greenlint.card.documents import MEGABYTE, size
from greenlint.card.evidence import INDICATES, PROVES, REFUTES, REMARKS, Evidence
from greenlint.card.words import plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from greenlint.card.evidence import Material

LOW_CARBON, MIDDLING_CARBON = 100, 300
"""g/kWh. Six tables differ by a factor of ten for one country, so the steps are wide."""

LEAN_WATTS = 100

MODEST_PARAMETERS = 1_000_000_000
NARROW_TASKS = ("-classification", "-regression", "-detection", "-segmentation", "-estimation", "-forecasting")

BUSY_PERCENT = 50
EDGE_BYTES = 20 * MEGABYTE
REQUEST_BYTES = MEGABYTE

TASKS = frozenset(
    """
    text-classification token-classification table-question-answering question-answering zero-shot-classification
    translation summarization feature-extraction text-generation fill-mask sentence-similarity text-to-speech
    text-to-audio automatic-speech-recognition audio-to-audio audio-classification voice-activity-detection
    depth-estimation image-classification object-detection image-segmentation text-to-image image-to-text image-to-image
    image-to-video unconditional-image-generation video-classification reinforcement-learning robotics
    tabular-classification tabular-regression tabular-to-text table-to-text multiple-choice text-ranking text-retrieval
    time-series-forecasting text-to-video image-text-to-text visual-question-answering document-question-answering
    zero-shot-image-classification graph-ml mask-generation zero-shot-object-detection text-to-3d image-to-3d
    image-feature-extraction video-text-to-text keypoint-detection visual-document-retrieval any-to-any
    """.split(),  # noqa: SIM905 - words read better as words
)
"""Tasks that Hugging Face knows as `pipeline_tag`."""


def card_task(material: Material) -> Iterator[Evidence]:
    """Yield a known task in the card's front matter."""
    card = material.repository.card
    task = card.metadata.get("pipeline_tag") if card else None
    if card and isinstance(task, str) and task in TASKS:
        yield Evidence(PROVES, "repository", card.path, _same(f"pipeline_tag: {task}"))


def baseline_run(material: Material) -> Iterator[Evidence]:
    """Yield a measured run whose project says that it is the baseline, beside another one."""
    names = {run.project for run in material.runs}
    for run in material.runs:
        if "baseline" in run.project.lower() and len(names) > 1:
            yield Evidence(
                INDICATES,
                "emissions",
                run.where,
                {"en": f'a measured run of "{run.project}"', "fr": f"une exécution mesurée de « {run.project} »"},
            )
            return


def narrow_and_small(material: Material) -> Iterator[Evidence]:
    """Yield inspected models of a modest size under a card that names one narrow task."""
    card = material.repository.card
    task = card.metadata.get("pipeline_tag") if card else None
    if not isinstance(task, str) or not task.endswith(NARROW_TASKS):
        return
    for model in material.models:
        if model.parameters <= MODEST_PARAMETERS:
            text = {"en": f"{model.parameters} parameters, {task}", "fr": f"{model.parameters} paramètres, {task}"}
            yield Evidence(INDICATES, "onnx", model.path, text)


def measured_variants(material: Material) -> Iterator[Evidence]:
    """Two or more projects with measured training."""
    first = {run.project: run for run in reversed(material.training) if run.project}
    if len(first) > 1:
        run = next(iter(first.values()))
        yield Evidence(
            INDICATES,
            "emissions",
            run.where,
            {"en": f"{len(first)} measured variants", "fr": f"{len(first)} variantes mesurées"},
        )


def whole_life(material: Material) -> Iterator[Evidence]:
    """Yield the four inputs of the whole-life formula: training, queries, energy per query, sourced intensity."""
    answers = material.answers
    figures = [answers.figure(name) for name in ("queries_per_day", "lifetime_days", "kwh_per_query")]
    if material.training and None not in figures and material.answers.intensity is not None:
        yield Evidence(
            INDICATES,
            "answers",
            answers.path,
            {
                "en": "all four inputs of the whole-life formula",
                "fr": "les quatre données de la formule sur toute la vie",
            },
        )


def energy_budget(material: Material) -> Iterator[Evidence]:
    """Yield a budget of energy or carbon that a CI job enforces, or one that nothing enforces."""
    if not {"kwh", "gco2eq"} & set(material.budget):
        return
    jobs = material.repository.ci_jobs
    text = {"en": "a budget in greenlint.toml", "fr": "un budget dans greenlint.toml"}
    if jobs:
        text = {
            "en": "a budget in greenlint.toml, and a CI job that runs greenlint",
            "fr": "un budget dans greenlint.toml, et une tâche d'intégration continue qui lance greenlint",
        }
    where = f"{jobs[0][0]}:{jobs[0][1]}" if jobs else "greenlint.toml"
    over = over_budget(material)
    if over:
        yield Evidence(REFUTES, "emissions", "greenlint.toml", over)
    else:
        yield Evidence(PROVES if jobs else INDICATES, "repository", where, text)


def over_budget(material: Material) -> dict[str, str] | None:
    """Return a sentence when measured training exceeds the budget, else None."""
    runs = material.training
    kwh = sum(run.kwh for run in runs)
    grams = sum(material.grams(run) or 0 for run in runs)
    for name, amount, unit in (("kwh", kwh, "kWh"), ("gco2eq", grams, "gCO2eq")):
        limit = material.budget.get(name)
        if limit is not None and amount > limit:
            return {
                "en": f"{plain(amount)} {unit} measured, above the budget of {limit:g} {unit}",
                "fr": f"{plain(amount)} {unit} mesurés, au-delà du budget de {limit:g} {unit}",
            }
    return None


def parameter_budget(material: Material) -> Iterator[Evidence]:
    """Inspected models against a declared budget of parameters."""
    limit = material.budget.get("parameters")
    if limit is None:
        return
    for model in material.models:
        within = model.parameters <= limit
        yield Evidence(
            INDICATES if within else REFUTES,
            "onnx",
            model.path,
            {
                "en": f"{model.parameters} parameters, budget {limit:.0f}",
                "fr": f"{model.parameters} paramètres, budget {limit:.0f}",
            },
        )


def reduced_precision(material: Material) -> Iterator[Evidence]:
    """Most weight bytes of every inspected model in 16 bits or fewer."""
    if not material.models or any(model.reduced_share < 0.5 for model in material.models):  # noqa: PLR2004 - most
        return
    for model in material.models:
        yield Evidence(
            PROVES,
            "onnx",
            model.path,
            {
                "en": f"{model.reduced_share:.0%} of weight bytes in 16 bits or fewer",
                "fr": f"{model.reduced_share:.0%} des octets de poids en 16 bits ou moins",
            },
        )


def stopped_early(material: Material) -> Iterator[Evidence]:
    """Yield a run whose log has fewer epochs than it planned."""
    for run in material.runs:
        # CarbonTracker measures the first epochs only unless told otherwise, which is no early stop.
        if run.planned_epochs and 1 < len(run.steps) < run.planned_epochs:
            yield Evidence(
                INDICATES,
                "emissions",
                run.where,
                {
                    "en": f"{len(run.steps)} epochs of {run.planned_epochs} planned",
                    "fr": f"{len(run.steps)} époques sur {run.planned_epochs} prévues",
                },
            )


def freshness(material: Material) -> tuple[bool, datetime | None]:
    """Tell whether the latest training run is newer than the training code, and when that changed; None if unknown."""
    from greenlint.card.repository import commit_date

    ended = [_aware(run.ended) for run in material.training if run.ended]
    changed = commit_date(material.repository.root, material.training_files)
    if not ended or changed is None:
        return False, None
    # A day of grace: trackers write local time, and code is often committed after its run.
    return max(ended) + timedelta(days=1) >= changed, changed


def fresh_measurement(material: Material) -> Iterator[Evidence]:
    """Yield a believable training run that is not older than the training code, by commit date."""
    runs = material.training
    if not runs:
        return
    latest = max(runs, key=lambda run: _aware(run.ended).timestamp() if run.ended else 0.0)
    fresh, changed = freshness(material)
    amount = f"{plain(latest.kwh)} kWh, {latest.tool}"
    if fresh:
        text = _same(amount)
    elif changed is None or latest.ended is None:
        text = {
            "en": f"{amount}; whether it is newer than the code cannot be told",
            "fr": f"{amount} ; impossible de dire si elle est postérieure au code",
        }
    else:
        text = {
            "en": f"{amount}, of {latest.ended:%Y-%m-%d}; the code changed on {changed:%Y-%m-%d}",
            "fr": f"{amount}, du {latest.ended:%Y-%m-%d} ; le code a changé le {changed:%Y-%m-%d}",
        }
    yield Evidence(PROVES if fresh else INDICATES, "emissions", latest.where, text)


def recorded_runs(material: Material) -> Iterator[Evidence]:
    """Yield runs with an id, a duration and an energy."""
    runs = [run for run in material.training if run.seconds]
    if runs:
        told = len(runs)
        yield Evidence(
            PROVES,
            "emissions",
            runs[-1].where,
            {
                "en": f"{told} measured {'run' if told == 1 else 'runs'}",
                "fr": f"{told} {'exécution mesurée' if told == 1 else 'exécutions mesurées'}",
            },
        )


def energy_per_epoch(material: Material) -> Iterator[Evidence]:
    """Yield a run with energies of its epochs or tasks, or a declared number of epochs."""
    for run in material.training:
        if len(run.steps) > 1:
            yield Evidence(
                PROVES,
                "emissions",
                run.where,
                {
                    "en": f"energy of {len(run.steps)} epochs or tasks",
                    "fr": f"énergie de {len(run.steps)} époques ou tâches",
                },
            )
            return
    epochs = material.answers.figure("epochs")
    if epochs and (runs := material.training):
        yield Evidence(
            INDICATES,
            "emissions",
            runs[-1].where,
            {
                "en": f"energy of the run over {epochs:g} declared epochs",
                "fr": f"énergie de l'exécution sur {epochs:g} époques déclarées",
            },
        )


def lean_hardware(material: Material) -> Iterator[Evidence]:
    """Yield an accelerator that was kept busy, or no strong accelerator at all; an idle one refutes nothing."""
    for run in material.training:
        if run.gpu_used_percent and run.gpu_used_percent >= BUSY_PERCENT:
            used = f"{run.gpu_used_percent:.0f} %"
            text = {"en": f"accelerator used at {used}", "fr": f"accélérateur utilisé à {used}"}
            yield Evidence(INDICATES, "emissions", run.where, text)
            return
        device = find_accelerator(run.gpu_model) if run.gpu_model else None
        if device and device.watts <= LEAN_WATTS:
            yield Evidence(INDICATES, "emissions", run.where, _same(f"{device.name}, {device.watts:.0f} W"))
            return
        # Trackers miss accelerators that they have no driver for, so code that names one leaves the question open.
        if run.cpu_model and not run.gpu_model and not _names_an_accelerator(material):
            text = {"en": "the tracker saw no accelerator", "fr": "l'outil n'a vu aucun accélérateur"}
            yield Evidence(INDICATES, "emissions", run.where, text)
            return


def grid_intensity(material: Material) -> Iterator[Evidence]:
    """Carbon over energy of all training runs together."""
    runs = [run for run in material.training if run.grams is not None]
    kwh = sum(run.kwh for run in runs)
    if not kwh:
        return
    grams_per_kwh = sum(run.grams or 0 for run in runs) / kwh
    zones = ", ".join(sorted({run.country for run in runs if run.country}))
    role = PROVES if grams_per_kwh <= LOW_CARBON else INDICATES if grams_per_kwh <= MIDDLING_CARBON else REFUTES
    told = f"{grams_per_kwh:.0f} g/kWh{f' ({zones})' if zones else ''}"
    if role is PROVES and _place_was_given(material):
        text = {
            "en": f"{told}, but the code gives the tracker its country",
            "fr": f"{told}, mais le code donne le pays à l'outil de mesure",
        }
        yield Evidence(INDICATES, "emissions", runs[-1].where, text)
        return
    yield Evidence(
        role,
        "emissions",
        runs[-1].where,
        {"en": f"{told}, the tracker's own factor", "fr": f"{told}, facteur de l'outil de mesure"},
    )


def _names_an_accelerator(material: Material) -> bool:
    """Tell whether the code asks for an accelerator, by a call or by a finding that needs one."""
    return any(sign.first.startswith(("cuda", "mps", "xpu")) for sign in material.signs or ()) or any(
        name.endswith((".cuda", ".cuda.is_available", ".mps.is_available"))
        for sign in material.signs or ()
        for name in sign.names
    )


def _place_was_given(material: Material) -> bool:
    """Tell whether the code names the country to an offline tracker, which then believes it."""
    from greenlint.card.signals import matches

    patterns = ("codecarbon.*Offline*", "codecarbon.*(country_iso_code)")
    return any(matches(pattern, sign) for pattern in patterns for sign in material.signs or ())


def saves_and_resumes(material: Material) -> Iterator[Evidence]:
    """Training state that the code both saves and loads."""
    from greenlint.card.signals import matches

    pairs = (
        (
            ("torch.save", "*.save_checkpoint", "*.save_state"),
            ("*.load_state_dict", "*.load_checkpoint", "*.load_state"),
        ),
        (("*.ModelCheckpoint|used",), ("*.load_model", "*.load_weights", "*.load_from_checkpoint")),
    )
    for saving, loading in pairs:
        saved = next((s for s in material.signs or () if any(matches(pattern, s) for pattern in saving)), None)
        loaded = next((s for s in material.signs or () if any(matches(pattern, s) for pattern in loading)), None)
        if saved and loaded:
            text = {"en": f"saved here, loaded at {loaded.where}", "fr": f"sauvegardé ici, rechargé à {loaded.where}"}
            yield Evidence(INDICATES, "python", saved.where, text)
            return


def documented_architecture(material: Material) -> Iterator[Evidence]:
    """Pinned dependencies and an architecture section with content."""
    repository = material.repository
    section = repository.card.filled("architecture") if repository.card else None
    role = PROVES if repository.pinned and section else INDICATES
    if repository.pinned:
        text = {"en": "pinned dependencies", "fr": "dépendances figées"}
        yield Evidence(role, "repository", repository.pinned, text)
    if section and repository.card:
        where = f"{repository.card.path}:{section.line}"
        yield Evidence(role, "repository", where, _same(section.heading))


def scheduled_training(material: Material) -> Iterator[Evidence]:
    """Yield a workflow that trains at night."""
    for name, line in material.repository.night_training:
        text = {"en": "training is scheduled at night", "fr": "entraînement planifié la nuit"}
        yield Evidence(INDICATES, "repository", f"{name}:{line}", text)


def inference_format(material: Material) -> Iterator[Evidence]:
    """Yield an inspected ONNX model, or another inference format in the repository."""
    for model in material.models:
        text = {
            "en": f"ONNX opset {model.opset}, {size(model.file_bytes)}, sha256 {model.sha256[:12]}",
            "fr": f"ONNX opset {model.opset}, {size(model.file_bytes)}, sha256 {model.sha256[:12]}",
        }
        yield Evidence(PROVES, "onnx", model.path, text)
    for name in material.repository.inference_files[:1]:
        text = {"en": "an inference format, not inspected", "fr": "un format d'inférence, non inspecté"}
        yield Evidence(INDICATES, "repository", name, text)


def clean_graph(material: Material) -> Iterator[Evidence]:
    """Inspected graphs in which no rule found anything to remove."""
    from greenlint.card.checklist import load

    item = load().item("DEP-1.2")
    assert item  # noqa: S101 - a test holds the id
    for model in material.models:
        if not any(finding.rule.code in item.refuted_by for finding in model.findings):
            text = {
                "en": f"{sum(model.operators.values())} nodes, nothing to remove found",
                "fr": f"{sum(model.operators.values())} nœuds, rien à retirer trouvé",
            }
            yield Evidence(PROVES, "onnx", model.path, text)


def dynamic_batch(material: Material) -> Iterator[Evidence]:
    """Models that all take a batch."""
    if material.models and all(model.has_free_batch for model in material.models):
        for model in material.models:
            shape = " x ".join(map(str, model.inputs[0].shape))
            text = {"en": f"first input {shape}", "fr": f"première entrée {shape}"}
            yield Evidence(PROVES, "onnx", model.path, text)


def edge_size(material: Material) -> Iterator[Evidence]:
    """Models small enough for a device, or measured inference on a low-carbon grid."""
    for model in material.models:
        if model.file_bytes <= EDGE_BYTES:
            yield Evidence(INDICATES, "onnx", model.path, _same(size(model.file_bytes)))
    for run in material.runs:
        if run.stage == "inference" and run.intensity is not None and run.intensity <= LOW_CARBON:
            yield Evidence(INDICATES, "emissions", run.where, _same(f"{run.intensity:.0f} g/kWh"))


def small_request(material: Material) -> Iterator[Evidence]:
    """Yield inputs of a known and small size."""
    for model in material.models:
        amount = model.request_bytes
        if amount is not None and amount <= REQUEST_BYTES:
            text = {"en": f"{size(int(amount))} per request", "fr": f"{size(int(amount))} par requête"}
            yield Evidence(INDICATES, "onnx", model.path, text)


def measured_inference(material: Material) -> Iterator[Evidence]:
    """Measured inference with its number of requests."""
    for run in material.runs:
        if run.stage == "inference":
            known = run.requests is not None and run.requests > 0
            text = {
                "en": f"{plain(run.kwh)} kWh"
                + (f" for {run.requests} requests" if known else ", requests not counted"),
                "fr": f"{plain(run.kwh)} kWh"
                + (f" pour {run.requests} requêtes" if known else ", requêtes non comptées"),
            }
            yield Evidence(PROVES if known else INDICATES, "emissions", run.where, text)


def complete_card(material: Material) -> Iterator[Evidence]:
    """Yield a card with data, results, limits and a footprint; the footprint has to equal the emission files."""
    card = material.repository.card
    if card is None:
        return
    if card.problem:
        text = {"en": "the front matter cannot be read", "fr": "l'en-tête est illisible"}
        yield Evidence(REMARKS, "repository", card.path, text)
        return
    parts = {
        ("data", "données"): card.filled("training data", "dataset", "données d'entraînement", "données"),
        ("results", "résultats"): card.filled("result", "metric", "evaluation", "résultat", "mesures", "évaluation"),
        ("limits", "limites"): card.filled("limitation", "limits", "limites", "risks"),
    }
    told = card_grams(card.metadata)
    measured = [grams for run in material.training if (grams := material.grams(run)) is not None]
    agrees = told is not None and bool(measured) and abs(told - sum(measured)) <= 0.02 * sum(measured)
    missing = [names for names, section in parts.items() if section is None]
    if told is not None and measured and not agrees:
        text = {
            "en": f"the card says {told:g} g, the emission files {plain(sum(measured))} g",
            "fr": f"la fiche dit {told:g} g, les fichiers d'émissions {plain(sum(measured))} g",
        }
        yield Evidence(REFUTES, "repository", card.path, text)
        return
    if not agrees:
        missing.append(("a footprint that a file confirms", "une empreinte confirmée par un fichier"))
    if not missing:
        text = {
            "en": "data, results, limits, and a footprint equal to the emission files",
            "fr": "données, résultats, limites, et une empreinte égale aux fichiers d'émissions",
        }
        yield Evidence(PROVES, "repository", card.path, text)
    else:
        text = {
            "en": "missing: " + ", ".join(names[0] for names in missing),
            "fr": "manque : " + ", ".join(names[1] for names in missing),
        }
        yield Evidence(INDICATES if len(missing) == 1 else REMARKS, "repository", card.path, text)


def card_grams(metadata: dict[str, object]) -> float | None:
    """Grams in a card's front matter, as a number above zero, else None."""
    value = metadata.get("co2_eq_emissions")
    amount = value.get("emissions") if isinstance(value, dict) else value
    if isinstance(amount, bool) or not isinstance(amount, (int, float)) or not 0 < amount < 1e15:  # noqa: PLR2004
        return None
    return float(amount)


def open_and_versioned(material: Material) -> Iterator[Evidence]:
    """Yield a licence by its text, and a history of versions."""
    repository = material.repository
    versioned = repository.tags > 0 or bool(repository.changelog)
    role = PROVES if repository.licence and versioned else INDICATES
    if repository.licence:
        yield Evidence(role, "repository", repository.licence[1], _same(repository.licence[0]))
    if repository.tags:
        yield Evidence(
            role, "repository", ".git", {"en": f"{repository.tags} tags", "fr": f"{repository.tags} étiquettes"}
        )
    elif repository.changelog:
        text = {"en": "a changelog", "fr": "un journal des versions"}
        yield Evidence(role, "repository", repository.changelog, text)


def documented_method(material: Material) -> Iterator[Evidence]:
    """Yield a README with commands, and what else helps to take over."""
    repository = material.repository
    if repository.readme is None:
        return
    commands = next(
        (
            s
            for s in repository.readme.sections
            if any(w in s.text for w in ("pip install", "python ", "conda ", "uv ")) and "```" in s.text
        ),
        None,
    )
    if commands is None:
        return
    others = [name for name in (repository.citation, repository.contributing, repository.pinned) if name]
    told = ", ".join(others)
    text = {
        "en": "commands in the README" + (f", and {told}" if told else ""),
        "fr": "des commandes dans le README" + (f", et {told}" if told else ""),
    }
    role = PROVES if len(others) > 1 else INDICATES
    yield Evidence(role, "repository", f"{repository.readme.path}:{commands.line}", text)


def ci_runs_greenlint(material: Material) -> Iterator[Evidence]:
    """Yield a CI job that runs greenlint and can fail."""
    for name, line in material.repository.ci_jobs[:1]:
        text = {"en": "CI runs greenlint", "fr": "l'intégration continue lance greenlint"}
        yield Evidence(INDICATES, "repository", f"{name}:{line}", text)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _same(text: str) -> dict[str, str]:
    return {"en": text, "fr": text}
