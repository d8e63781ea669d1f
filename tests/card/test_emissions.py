"""Emission files of every tool, and what is not believed in them."""

from __future__ import annotations

import json
import random
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from greenlint.card import emissions
from greenlint.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

V1 = (
    "timestamp,experiment_id,project_name,duration,emissions,energy_consumed,country_name,country_iso_code,region,"
    "on_cloud,cloud_provider,cloud_region"
)
V2 = (
    "timestamp,project_name,run_id,duration,emissions,emissions_rate,cpu_power,gpu_power,ram_power,cpu_energy,gpu_energy,"
    "ram_energy,energy_consumed,country_name,country_iso_code,region,cloud_provider,cloud_region,os,python_version,"
    "cpu_count,cpu_model,gpu_count,gpu_model,longitude,latitude,ram_total_size,tracking_mode,on_cloud"
)
V27 = V2.replace("python_version,", "python_version,codecarbon_version,") + ",pue"
V28 = V27.replace("run_id,", "run_id,experiment_id,")
V33 = (
    V28.replace("energy_consumed,", "energy_consumed,water_consumed,").replace(
        "tracking_mode,",
        "tracking_mode,cpu_utilization_percent,gpu_utilization_percent,ram_utilization_percent,ram_used_gb,",
    )
    + ",wue"
)
MINIMAL = "project_name,duration,emissions,energy_consumed"


def csv(header: str, *rows: Any) -> str:
    """CSV text: each row a mapping of columns, the others empty."""
    names = header.split(",")
    lines = [",".join(str(row.get(name, "")) for name in names) for row in rows]
    return "\n".join([header, *lines]) + "\n"


def row(**given: Any) -> dict[str, Any]:
    return {
        "timestamp": "2026-03-01T12:00:00", "experiment_id": "e1", "project_name": "p", "run_id": "r1",
        "duration": 41.0, "emissions": 1.4007e-5, "cpu_energy": 0.00009, "gpu_energy": 0, "ram_energy": 0.000075,
        "energy_consumed": 0.000165, "country_iso_code": "FRA", "on_cloud": "N", "pue": 1.0,
        "codecarbon_version": "3.0",
        **given,
    }  # fmt: skip


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def read(text: str, name: Any = "whatever.bin") -> Any:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return emissions.read(path, name)

    return read


@pytest.mark.parametrize(
    ("kwh", "kg"), [(0.000165, 1.4007e-5), (0.001281, 1.0874e-4), (0.000444, 3.7664e-5)], ids=["a", "b", "c"]
)
def test_seed_runs_have_their_energy_carbon_and_intensity(read: Any, kwh: float, kg: float) -> None:
    (run,) = read(csv(V28, row(energy_consumed=kwh, emissions=kg, cpu_energy=kwh, ram_energy=0))).runs
    assert run.kwh == kwh
    assert run.grams == pytest.approx(kg * 1000, rel=1e-12)
    assert run.intensity == pytest.approx(84.9, rel=0.01)


@pytest.mark.parametrize("header", [V1, V2, V27, V28, V33, MINIMAL], ids=["1.0", "2.0", "2.7", "2.8", "3.3", "minimal"])
def test_every_header_generation_is_read_by_name(read: Any, header: str) -> None:
    file = read(csv(header, row()))
    assert file.tool == "CodeCarbon"
    (run,) = file.runs
    assert (run.kwh, run.grams, run.seconds) == (0.000165, pytest.approx(0.014007), 41.0)
    assert not file.problems


def test_columns_may_be_shuffled(read: Any) -> None:
    names = V33.split(",")
    random.Random(3).shuffle(names)  # noqa: S311 - an order, not a secret
    assert read(csv(",".join(names), row())).runs[0].kwh == 0.000165


def test_the_last_row_of_a_run_counts_and_never_the_sum(read: Any) -> None:
    rows = [
        row(duration=n, energy_consumed=n / 1e6, cpu_energy=n / 1e6, ram_energy=0, emissions=n / 1e8)
        for n in (10, 20, 30)
    ]
    other = row(run_id="r2", duration=5, energy_consumed=7e-6, cpu_energy=7e-6, ram_energy=0, emissions=7e-7)
    runs = read(csv(V28, *rows, other)).runs
    assert [(run.run_id, run.kwh) for run in runs] == [("r1", 30 / 1e6), ("r2", 7e-6)]
    assert runs[0].where == "whatever.bin:4"


def test_emissions_rate_is_never_read(read: Any) -> None:
    assert read(csv(V28, row(emissions_rate="1e9"))).runs[0].grams == pytest.approx(0.014007)


def test_two_versions_in_one_file(read: Any) -> None:
    runs = read(csv(V2, row()) + csv(V33, row(run_id="r2"))).runs
    assert [run.run_id for run in runs] == ["r1", "r2"]


def test_a_cut_row_is_left_out_and_the_row_before_counts(read: Any) -> None:
    whole = csv(V28, row(), row(duration=99))
    file = read(whole.rstrip("\n")[:-60])
    assert file.runs[0].seconds == 41
    assert "cells under" in file.problems[0]["en"]
    assert file.problems[0]["en"].startswith("whatever.bin:3: ")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"energy_consumed": "nan"}, "not a finite number"),
        ({"energy_consumed": "inf"}, "not a finite number"),
        ({"energy_consumed": ""}, "not a finite number"),
        ({"energy_consumed": -1}, "not above zero"),
        ({"energy_consumed": 0}, "not above zero"),
        ({"duration": 0}, "duration 0 s"),
        ({"duration": -5}, "duration -5 s"),
        ({"emissions": "nan"}, "carbon nan g"),
        ({"emissions": -1}, "not above zero"),
        ({"emissions": 0.014007}, "units mixed up"),
        ({"energy_consumed": 0.165, "cpu_energy": 0.165, "ram_energy": 0}, "units mixed up"),
        ({"cpu_energy": 0.1}, "not the sum of its parts"),
        ({"timestamp": "2999-01-01T00:00:00"}, "ended on 2999-01-01, which is still to come"),
        (
            {"energy_consumed": 1.65e-16, "cpu_energy": 9e-17, "ram_energy": 7.5e-17, "emissions": 1.4e-17},
            "W is less than any machine draws",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_cannot_be_true_is_no_evidence(read: Any, change: Any, said: str) -> None:
    file = read(csv(V28, row(**change)))
    assert file.runs == ()
    (problem,) = file.problems
    assert said in problem["en"]
    assert problem["en"].startswith("whatever.bin:2: ")
    assert problem["fr"].startswith("whatever.bin:2\u00a0: ")


def test_parts_times_pue_is_a_sum(read: Any) -> None:
    assert read(csv(V28, row(pue=1.5, energy_consumed=0.0002475, emissions=2e-5))).runs[0].overhead_included


def test_more_power_than_the_devices_have_is_refused(read: Any) -> None:
    hot = {"gpu_model": "NVIDIA A100-SXM4-80GB", "gpu_count": 1, "duration": 3600, "emissions": 0.05}
    fine = row(**hot, gpu_energy=0.4, cpu_energy=0, ram_energy=0, energy_consumed=0.4)
    wrong = row(**hot, gpu_energy=0.6, cpu_energy=0, ram_energy=0, energy_consumed=0.6)
    assert read(csv(V28, fine)).runs
    assert "480 W" in read(csv(V28, wrong)).problems[0]["en"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cpu_energy": 0.2, "ram_energy": 0, "energy_consumed": 0.2}, ""),
        (
            {"cpu_energy": 5, "ram_energy": 0, "energy_consumed": 5},
            "mean processor power is 5,000 W, above the 1,200 W",
        ),
        ({"cpu_energy": 4, "ram_energy": 0, "energy_consumed": 4, "cpu_count": 448}, ""),
        ({"cpu_energy": "", "energy_consumed": 2, "gpu_count": 0}, "mean machine power is 2,000 W, above the 1,300 W"),
        ({"cpu_energy": "", "energy_consumed": 2, "gpu_count": 0, "ram_total_size": 2000}, ""),
        ({"cpu_energy": "", "energy_consumed": 10, "gpu_count": 8, "gpu_model": "NVIDIA Z900"}, ""),
        ({"cpu_energy": "", "energy_consumed": 30, "gpu_count": 8, "gpu_model": "NVIDIA Z900"}, "mean machine power"),
        ({"cpu_energy": "", "energy_consumed": 14}, ""),
        ({"cpu_energy": "", "energy_consumed": 20}, "mean machine power is 20,000 W, above the 18,000 W"),
        ({"cpu_energy": "", "energy_consumed": 27, "pue": 1.58}, ""),
    ],
    ids=str,
)
def test_no_machine_draws_more_than_its_hardware_can(read: Any, change: Any, said: str) -> None:
    told = row(duration=3600, gpu_energy=0, **{"ram_energy": 0, **change})
    told["emissions"] = 0.05 * float(told["energy_consumed"])
    file = read(csv(V28, told))
    assert "; ".join(told["en"] for told in file.problems).startswith(f"whatever.bin:2: {said}" if said else "")
    assert len(file.runs) == (0 if said else 1)


def test_tasks_are_the_steps_of_their_run(read: Any) -> None:
    header = "task_name," + V28.replace("experiment_id,", "")
    half = {"energy_consumed": 1e-4, "cpu_energy": 1e-4, "ram_energy": 0, "emissions": 1e-5, "duration": 10}
    (run,) = read(csv(header, row(task_name="epoch 1", **half), row(task_name="epoch 2", **half))).runs
    assert run.steps == (1e-4, 1e-4)
    assert run.kwh == pytest.approx(2e-4)
    assert run.seconds == 20


CARBONTRACKER = """\
2026-02-03 10:00:00 - carbontracker version 2.4.7
2026-02-03 10:00:00 - Only predicted and actual consumptions are multiplied by a PUE coefficient of 1.58 (source).
2026-02-03 10:00:01 - CarbonTracker: The following components were found: GPU with device(s) Tesla T4.
2026-02-03 10:00:02 - CarbonTracker:
Actual consumption for 2 epoch(s):
\tTime:\t0:01:30
\tEnergy:\t0.002500000000 kWh
\tCO2eq:\t0.212000000000 g
\tThis is equivalent to:
\t0.0017 km travelled by car
2026-02-03 10:01:40 - CarbonTracker:
Predicted consumption for 100 epoch(s):
\tTime:\t1:15:00
\tEnergy:\t0.125000000000 kWh
\tCO2eq:\t10.6 g
"""


def test_carbontracker_measures_and_does_not_predict(read: Any) -> None:
    (run,) = read(CARBONTRACKER, "1_carbontracker_output.log").runs
    assert (run.tool, run.kwh, run.grams, run.seconds) == ("CarbonTracker", 0.0025, 0.212, 90)
    assert run.overhead_included
    assert run.pue == 1.58
    assert run.gpu_model == "Tesla T4"
    assert run.notes == ({"en": "measured 2 of 100 epochs", "fr": "2 époques mesurées sur 100"},)
    assert run.ended == datetime(2026, 2, 3, 10, 1, 40)  # noqa: DTZ001 - the log has no time zone


def test_a_prediction_alone_is_no_run(read: Any) -> None:
    text = CARBONTRACKER.replace("Actual consumption for 2 epoch(s)", "Predicted consumption for 2 epoch(s)")
    file = read(text)
    assert file.runs == ()
    assert "no measurement" in file.problems[0]["en"]


def test_carbontracker_epochs_of_the_standard_log(read: Any) -> None:
    text = "2026-02-03 10:00:00 - carbontracker version 2.4.7\n" + "".join(
        f"2026-02-03 10:0{n}:00 - Epoch {n}:\n2026-02-03 10:0{n}:00 - Duration: 0:01:00.00\n"
        f"2026-02-03 10:0{n}:00 - Average power usage (W) for gpu: {60 * n}\n"
        for n in (1, 2)
    )
    (run,) = read(text).runs
    assert run.steps == pytest.approx((0.001, 0.002))
    assert run.kwh == pytest.approx(0.003)
    assert not run.overhead_included


ECO2AI = (
    "id,project_name,experiment_description,epoch,start_time,duration(s),power_consumption(kWh),CO2_emissions(kg),"
    "CPU_name,GPU_name,OS,region/country,cost"
)


def test_eco2ai_epochs_add_up(read: Any) -> None:
    text = (
        ECO2AI
        + "\n"
        + "".join(
            f'u1,p,d,"epoch: {n}, loss: 0.{n}",2026-01-01 10:00:0{n},60,0.001,0.0001,'
            "Xeon/1 device(s),Tesla T4 1 device(s),Linux,FRA,N/A\n"
            for n in (1, 2, 3)
        )
    )
    (run,) = read(text).runs
    assert run.kwh == pytest.approx(0.003)
    assert run.grams == pytest.approx(0.3)
    assert run.steps == (0.001, 0.001, 0.001)
    assert (run.gpu_model, run.cpu_model) == ("Tesla T4", "Xeon")


def test_eco2ai_single_row(read: Any) -> None:
    text = f"{ECO2AI}\nu1,p,d,N/A,2026-01-01 10:00:00,60,0.001,0.0001,Xeon/1 device(s),,Linux,FRA,N/A\n"
    (run,) = read(text).runs
    assert (run.kwh, run.grams, run.steps) == (0.001, pytest.approx(0.1), ())


def test_zeus_joules_are_kwh_and_inner_windows_are_steps(read: Any) -> None:
    text = (
        "start_time,window_name,elapsed_time,gpu0_energy,gpu1_energy\n"
        "1000.0,epoch 1,10,1800000,0\n1010.0,epoch 2,10,1800000,0\n999.0,training,30,3600000,360000\n"
    )
    (run,) = read(text).runs
    assert run.kwh == pytest.approx(1.1)
    assert run.steps == pytest.approx((0.5, 0.5))
    assert (run.grams, run.scope, run.gpu_count) == (None, "gpu", 2)


def test_impact_tracker_integrates_power(read: Any) -> None:
    samples = [{"timestamp": 1000 + 10 * n, "rapl_estimated_attributable_power_draw": 36.0} for n in range(11)]
    text = "\n".join(map(json.dumps, samples)) + '\n{"timestamp": 11\n'
    file = read(text)
    (run,) = file.runs
    assert run.kwh == pytest.approx(36 * 100 / 3.6e6)
    assert run.grams is None
    assert "not JSON" in file.problems[0]["en"]


def test_boamps(read: Any) -> None:
    report = {
        "header": {"reportId": "x", "reportDatetime": "2026-01-01 10:00:00"},
        "task": {"taskStage": "inference", "taskFamily": "chatbot", "nbRequest": 10, "algorithms": [{}], "dataset": []},
        "measures": [{"measurementMethod": "codecarbon", "powerConsumption": 0.002, "measurementDuration": 19}],
        "infrastructure": {
            "infraType": "other",
            "components": [{"componentType": "cpu", "nbComponent": 1, "componentName": "X"}],
        },
        "environment": {"country": "france", "powerSourceCarbonIntensity": 50},
    }
    (run,) = read(json.dumps(report, indent=1)).runs
    assert (run.stage, run.requests, run.kwh, run.grams) == ("inference", 10, 0.002, pytest.approx(0.1))


def test_files_are_found_by_content_and_counted_once(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "no-extension").write_text(csv(V28, row()))
    (tmp_path / "emissions.csv.bak").write_text(csv(V2, row(run_id="old")))
    (tmp_path / "copy.csv").write_text(csv(V28, row()))
    (tmp_path / "emissions.csv").write_text("a,b\n1,2\n")
    (tmp_path / "longer.csv").write_text(
        csv(V28, row(duration=82, energy_consumed=0.00033, cpu_energy=0.00033, ram_energy=0))
    )
    (tmp_path / "info.pkl").write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    files, problems = emissions.find(tmp_path)
    assert [told["en"] for told in problems] == [
        "emissions.csv: named like an emission file, and no run in it can be read"
    ]
    runs = {run.run_id: run.seconds for file in files for run in file.runs}
    assert runs == {"old": 41, "r1": 82}


def test_our_own_boamps_report_is_not_a_second_run(tmp_path: Path) -> None:
    (tmp_path / "emissions.csv").write_text(csv(V28, row()))
    measure = {"measurementMethod": "CodeCarbon", "powerConsumption": 0.000165, "measurementDuration": 41.0}
    (tmp_path / "report.json").write_text(json.dumps({"task": {"taskStage": "training"}, "measures": [measure]}))
    files, _ = emissions.find(tmp_path)
    assert [file.path for file in files] == ["emissions.csv"]


def test_a_huge_file_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "emissions.csv"
    with path.open("w") as file:
        file.write(csv(V28, *[row()] * 100))
        file.truncate(1_000_000_000)
    with pytest.raises(ConfigError, match=r"1\.0 GB is more than the 64\.0 MB"):
        emissions.read(path)
    files, problems = emissions.find(tmp_path)
    assert files == []
    assert len(problems) == 1


def test_a_named_file_that_holds_no_emissions(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n")
    with pytest.raises(ConfigError, match="not an emission file"):
        emissions.read_named([tmp_path / "x.csv"], tmp_path)


@pytest.mark.parametrize(
    "text", ["", "\n", "{", '{"taskStage"', "\0\0", '"', "project_name,duration,emissions,energy_consumed\n" + '"' * 9]
)
def test_rubbish_is_not_a_crash(read: Any, text: str) -> None:
    file = read(text)
    assert file is None or file.runs == ()


def test_the_two_logs_of_carbontracker_are_one_run(tmp_path: Path) -> None:
    standard = "2026-02-03 10:00:00 - carbontracker version 2.4.7\n" + "".join(
        f"2026-02-03 10:0{n}:00 - Epoch {n}:\n2026-02-03 10:0{n}:00 - Duration: 0:00:45.40\n"
        f"2026-02-03 10:0{n}:00 - Average power usage (W) for gpu: 60\n"
        for n in (1, 2)
    )
    (tmp_path / "7_2026_carbontracker.log").write_text(standard)
    (tmp_path / "7_2026_carbontracker_output.log").write_text(CARBONTRACKER)
    (run,) = [run for file in emissions.find(tmp_path)[0] for run in file.runs]
    assert (run.kwh, run.grams) == (0.0025, 0.212)
    assert len(run.steps) == 2
