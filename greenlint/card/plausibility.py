"""Whether the figures of a run can be true: above zero, finite, the sum of their parts, within what hardware draws."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from greenlint.card.accelerators import find
from greenlint.card.intensity import HIGHEST, LOWEST
from greenlint.card.language import in_language, plain, text
from greenlint.card.moments import is_to_come

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.card.emissions import Run
    from greenlint.card.language import Text

TOLERANCE = 1.2
"""Boards and processors may draw a little more than they are rated for."""

PROCESSOR_WATTS = 500
"""The highest rating of a processor on sale (AMD EPYC 9965, Intel Xeon 6980P, 2024): no table has them all."""

THREADS_PER_PROCESSOR = 56
"""Machines of four and eight processors have at least as many threads for each; others have two processors at most."""

ACCELERATOR_WATTS = 1400
"""The highest rating of an accelerator (AMD Instinct MI355X, 2025), for one that our table lacks."""

MACHINE_WATTS = 15_000
"""A machine of eight of the largest accelerators (NVIDIA DGX B200: 14.3 kW), for one whose hardware is not told."""

MEMORY_WATTS, MEMORY_WATTS_PER_GB = 100, 2
"""More than trackers assume: about 5 W for each module."""

LEAST_WATTS = 0.001
"""Less than a microcontroller that works: a share of a machine that a tracker gives to one process can be small."""

USUAL_OVERHEAD = 1.58
"""The PUE that CarbonTracker multiplies by where its log does not say."""


def implausible(run: Run) -> list[Text]:
    """Why a run cannot be true; an empty list when nothing speaks against it."""
    reasons = []
    if not math.isfinite(run.kwh):
        reasons.append(text("energy is not a finite number", "l'énergie n'est pas un nombre fini"))
    for english, french, amount, unit in (
        ("energy", "l'énergie", run.kwh if math.isfinite(run.kwh) else None, "kWh"),
        ("duration", "la durée", run.seconds, "s"),
        ("carbon", "le carbone", run.grams, "g"),
    ):
        if amount is not None and not (math.isfinite(amount) and amount > 0):
            told = f"{amount:g} {unit}"
            reasons.append(
                text(f"{english} {told} is not above zero", f"{french}, {told}, n'est pas au-dessus de zéro")
            )
    if reasons:
        return reasons
    if run.intensity is not None and not LOWEST <= run.intensity <= HIGHEST:
        reasons.append(
            text(
                f"carbon over energy is {plain(run.intensity)} g/kWh, outside {LOWEST} to {HIGHEST}: units mixed up?",
                f"le carbone sur l'énergie fait {plain(run.intensity, 3, 'fr')} g/kWh, hors de {LOWEST} à {HIGHEST} : "
                "unités confondues ?",
            )
        )
    if run.ended and is_to_come(run.ended):
        reasons.append(
            text(
                f"ended on {run.ended:%Y-%m-%d}, which is still to come",
                f"finie le {run.ended:%Y-%m-%d}, qui est à venir",
            )
        )
    total = sum(run.parts)
    if run.parts and not any(math.isclose(run.kwh, total * factor, rel_tol=0.01) for factor in (1.0, run.pue or 1.0)):
        reasons.append(
            text(
                f"energy {plain(run.kwh, 6)} kWh is not the sum of its parts, {plain(total, 6)} kWh",
                f"l'énergie, {plain(run.kwh, 6, 'fr')} kWh, n'est pas la somme de ses parts, "
                f"{plain(total, 6, 'fr')} kWh",
            )
        )
    if run.seconds:
        reasons.extend(_too_much_power(run, run.seconds))
    return reasons


def _too_much_power(run: Run, seconds: float) -> Iterator[Text]:
    """Yield what drew more than it can, the smallest part that says it; energies are means over the whole duration."""
    energy = run.gpu_kwh if run.gpu_kwh is not None else run.kwh if run.scope == "gpu" else None
    device, count = find(run.gpu_model), run.gpu_count or 1
    rated = f"{count} x {device.name}" if device else ""
    if (watts := run.kwh * 3.6e6 / seconds) < LEAST_WATTS:
        yield text(
            f"mean power {watts:.2g} W is less than any machine draws: units mixed up?",
            f"la puissance moyenne, {in_language(f'{watts:.2g}', 'fr')} W, est moindre que celle d'aucune machine : "
            "unités confondues ?",
        )
        return
    for english, french, kwh, limit in (
        (
            f"accelerator power, {rated},",
            f"des accélérateurs, {rated},",
            energy if device else None,
            TOLERANCE * count * (device.watts if device else 0),
        ),
        ("processor power", "des processeurs", run.cpu_kwh, TOLERANCE * _processors(run)),
        ("machine power", "de la machine", _of_the_machine(run), _machine(run)),
    ):
        watts = kwh * 3.6e6 / seconds if kwh is not None else 0.0
        if watts > limit:
            yield text(
                f"mean {english} is {plain(watts)} W, above the {plain(limit)} W that such hardware can draw",
                f"la puissance moyenne {french} est de {plain(watts, 3, 'fr')} W, au-delà des "
                f"{plain(limit, 3, 'fr')} W qu'un tel matériel peut tirer",
            )
            return


def _processors(run: Run) -> float:
    return PROCESSOR_WATTS * max(2, math.ceil((run.cpu_threads or 0) / THREADS_PER_PROCESSOR))


def _of_the_machine(run: Run) -> float | None:
    """Energy of one machine without the data centre around it, or None where the report may be of many machines."""
    if run.scope in {"", "gpu"}:
        return None
    return run.kwh / ((run.pue or USUAL_OVERHEAD) if run.overhead_included else 1)


def _machine(run: Run) -> float:
    if not run.gpu_model and run.gpu_count is None:
        return TOLERANCE * MACHINE_WATTS
    device = find(run.gpu_model)
    count = run.gpu_count if run.gpu_count is not None else 1
    accelerators = count * (device.watts if device else ACCELERATOR_WATTS)
    memory = max(MEMORY_WATTS, MEMORY_WATTS_PER_GB * (run.memory_gb or 0))
    return TOLERANCE * (_processors(run) + accelerators) + memory
