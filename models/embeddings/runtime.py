"""OpenVINO, kept from the package by which its converter would report that it was used.

Freya converts nothing with it; that the package cannot be imported makes sure that nothing ever leaves the machine.
"""

import sys

sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # how Python marks what is not there

import openvino  # noqa: E402
from openvino import opset15 as operators  # noqa: E402

__all__ = ["openvino", "operators"]
