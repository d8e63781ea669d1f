"""An estimate of the energy of inference on a class of device, from counts and data sheets; never a measurement.

The method is a roofline (Williams et al., https://doi.org/10.1145/1498765.1498785): a run takes at least as long as its
multiply-accumulates at the device's peak rate, and at least as long as its bytes at the peak bandwidth. The longer of
the two, times the power of the data sheet, is the energy at full use. Real runs use a part of the peak: the range goes
from full use to a tenth of it, the value in between stands for 30 %.
"""

from __future__ import annotations

from dataclasses import dataclass

METHOD = "roofline over data-sheet peaks, 30 % use assumed; range: 100 % to 10 % use"
_USE, _LOWEST_USE = 0.3, 0.1
_JOULES_PER_KWH = 3.6e6


@dataclass(frozen=True, slots=True)
class Device:
    """A class of device by one of its kind: FP32 multiply-accumulates and bytes per second at peak, and watts.

    `source` is where the figures stand, `year` when the device came out.
    """

    name: str
    stands_for: str
    macs: float
    bandwidth: float
    watts: float
    source: str
    year: int


# Two operations are one multiply-accumulate. Of the CPU, the page has 40 cores, 2.3 GHz, 2 units of AVX-512 (16 lanes
# each), 270 W and 8 channels of DDR4-3200 (8 bytes each); of the Jetson, the brief has the rate, and
# https://www.nvidia.com/en-us/autonomous-machines/embedded-systems/jetson-orin/ has 204.8 GB/s and 15 to 60 W.
DEVICES = {
    device.name: device
    for device in (
        Device(
            "server-cpu",
            "Intel Xeon Platinum 8380",
            40 * 2.3e9 * 2 * 16,
            8 * 8 * 3.2e9,
            270,
            "https://ark.intel.com/content/www/us/en/ark/products/212287/intel-xeon-platinum-8380-processor-60m-cache-2-30-ghz.html",
            2021,
        ),
        Device(
            "datacenter-gpu",
            "NVIDIA A100 80GB SXM, FP32",
            19.5e12 / 2,
            2039e9,
            400,
            "https://www.nvidia.com/content/dam/en-zz/Solutions/Data-Center/a100/pdf/nvidia-a100-datasheet-us-nvidia-1758950-r4-web.pdf",
            2021,
        ),
        Device(
            "edge-gpu",
            "NVIDIA Jetson AGX Orin 64GB, FP32",
            5.3e12 / 2,
            204.8e9,
            60,
            "https://www.nvidia.com/content/dam/en-zz/Solutions/gtcf21/jetson-orin/nvidia-jetson-agx-orin-technical-brief.pdf",
            2022,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Estimate:
    """Energy of many runs in kWh, with the range that it may lie in."""

    device: Device
    runs: int
    kwh: float
    lowest: float
    highest: float


def estimate(macs: int, traffic: int, device: Device, runs: int = 1000) -> Estimate:
    """Estimate the energy of so many runs; `macs` and `traffic` (bytes) are those of one."""
    seconds = max(macs / device.macs, traffic / device.bandwidth)
    full = seconds * device.watts * runs / _JOULES_PER_KWH
    return Estimate(device, runs, full / _USE, full, full / _LOWEST_USE)
