"""A Python program that loads models with libwakeful_detectors.so, in a process of its own: there the library of a sanitized
build finds its runtime first."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("WAKEFUL_BINARY", str(ROOT / "build/ci/wakeful"))
LIBRARY = pathlib.Path(BINARY).parent / "libwakeful_detectors.so"


def run(program, *words, given="", tracking=None):
    environment = {**os.environ, "WAKEFUL_DETECTORS_LIBRARY": str(LIBRARY)}
    if tracking:
        environment["MLFLOW_TRACKING_URI"] = tracking
    linked = subprocess.run(["ldd", LIBRARY], capture_output=True, text=True, check=True).stdout
    runtimes = [line.split()[2] for line in linked.splitlines() if "libasan" in line or "libubsan" in line]
    if runtimes:
        environment |= {"LD_PRELOAD": " ".join(runtimes), "ASAN_OPTIONS": "detect_leaks=0"}
    return subprocess.run([sys.executable, "-c", program, *map(str, words)], input=given, env=environment, capture_output=True,
                          text=True, timeout=300)  # fmt: skip
