"""Regions of clouds in which code starts training jobs, and the electricity there.

Google publishes the carbon intensity of the grid of each of its regions (2024, operational emissions, rounded here).
For Amazon, whose regions publish none, the figure is that of the country (Ember, Yearly Electricity Data, 2024, life
cycle); regions in the United States, Canada and Brazil are left out, where a country says little of its grids.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from greenlint.python.facts import tail
from greenlint.python.values import Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.facts import Argument
    from greenlint.python.program import Program
    from greenlint.python.scope import Module, Spot

_GOOGLE = {
    "africa-south1": 657,
    "asia-east1": 439,
    "asia-east2": 505,
    "asia-northeast1": 453,
    "asia-northeast2": 296,
    "asia-northeast3": 357,
    "asia-south1": 679,
    "asia-south2": 532,
    "asia-southeast1": 367,
    "asia-southeast2": 561,
    "australia-southeast1": 498,
    "australia-southeast2": 454,
    "europe-central2": 643,
    "europe-north1": 39,
    "europe-north2": 3,
    "europe-southwest1": 89,
    "europe-west1": 103,
    "europe-west2": 106,
    "europe-west3": 276,
    "europe-west4": 209,
    "europe-west6": 15,
    "europe-west8": 202,
    "europe-west9": 16,
    "europe-west10": 276,
    "europe-west12": 202,
    "me-central1": 366,
    "me-central2": 382,
    "me-west1": 434,
    "northamerica-northeast1": 5,
    "northamerica-northeast2": 59,
    "northamerica-south1": 305,
    "southamerica-east1": 67,
    "southamerica-west1": 238,
    "us-central1": 413,
    "us-east1": 576,
    "us-east4": 323,
    "us-east5": 323,
    "us-south1": 303,
    "us-west1": 79,
    "us-west2": 169,
    "us-west3": 555,
    "us-west4": 357,
}
_AMAZON = {
    "af-south-1": 714,
    "ap-northeast-1": 484,
    "ap-northeast-2": 416,
    "ap-northeast-3": 484,
    "ap-south-1": 709,
    "ap-south-2": 709,
    "ap-southeast-1": 499,
    "ap-southeast-2": 554,
    "ap-southeast-4": 554,
    "ap-southeast-5": 604,
    "ap-southeast-7": 555,
    "cn-north-1": 558,
    "cn-northwest-1": 558,
    "eu-central-1": 342,
    "eu-central-2": 37,
    "eu-north-1": 36,
    "eu-south-1": 288,
    "eu-south-2": 146,
    "eu-west-1": 280,
    "eu-west-2": 216,
    "eu-west-3": 44,
    "me-central-1": 468,
    "mx-central-1": 483,
}
_JOBS = re.compile(r"^(?:Custom\w*Job|\w+TrainingJob|HyperparameterTuningJob)$")
_ESTIMATORS = re.compile(r"Estimator$|^(?:HuggingFace|PyTorch|TensorFlow|XGBoost|SKLearn|ModelTrainer|Chainer|MXNet)$")
_SESSIONS = frozenset({"boto3.Session", "boto3.session.Session", "boto3.setup_default_session"})


def training_regions(program: Program, module: Module) -> Iterator[tuple[Argument, str, int, str, int]]:
    """Yield where a file names the region of a training job, with its gCO2eq/kWh, and the cleanest with its own."""
    words = {word for one in program.modules for word in one.identifiers}
    google = any(_JOBS.match(word) for word in words)
    amazon = "create_training_job" in words or (
        "fit" in words
        and any("sagemaker" in one.roots for one in program.modules)
        and any(_ESTIMATORS.search(word) for word in words)
    )
    for spot in module.spots():
        table, argument = _region(program, spot, google=google, amazon=amazon)
        if argument is None:
            continue
        known = program.values(argument.value, spot.block)
        names = [one.value for one in known if isinstance(one, Literal) and isinstance(one.value, str)]
        if len(names) == len(known) == 1 and names[0] in table:
            cleanest = min(table, key=lambda name: table[name])
            yield argument, names[0], table[names[0]], cleanest, table[cleanest]


def _region(program: Program, spot: Spot, *, google: bool, amazon: bool) -> tuple[dict[str, int], Argument | None]:
    name = tail(spot.call.func)
    callees = program.callees(spot)
    if google and any(one.startswith("google.cloud.aiplatform.") for one in callees):
        if name == "init" or _JOBS.match(name):
            return _GOOGLE, program.argument(spot.call, "location")
    elif amazon and callees & _SESSIONS:
        return _AMAZON, program.argument(spot.call, "region_name")
    elif amazon and "boto3.client" in callees:
        service = program.argument(spot.call, "service_name", 0)
        served = {one.value for one in program.literals(service.value, spot.block)} if service is not None else set()
        if served == {"sagemaker"}:
            return _AMAZON, program.argument(spot.call, "region_name", 1)
    return {}, None
