#!/usr/bin/env python3
"""Writes the readings, watches them with both detectors, and shows what they said."""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wakeful", default="wakeful", help="the program")
    parser.add_argument("--seed", default="7")
    given = parser.parse_args()
    program = pathlib.Path(given.wakeful)
    wakeful = str(program.resolve()) if program.exists() else given.wakeful
    with tempfile.TemporaryDirectory(prefix="wakeful-machines-") as name:
        folder = pathlib.Path(name)
        for file in HERE.glob("*.yaml"):
            shutil.copy(file, folder)
        with open(folder / "readings.jsonl", "w") as file:
            subprocess.run([sys.executable, HERE / "generate.py", "--seed", given.seed], stdout=file, check=True)
        for detector in ("hot-machines", "calm-machines"):
            done = subprocess.run([wakeful, "stream", "-f", f"{detector}.yaml", "--state", "state"], cwd=folder, check=True,
                                  capture_output=True, text=True)  # fmt: skip
            print(done.stderr.strip())
        alerts = [json.loads(line) for line in open(folder / "alerts.jsonl")]
        print(f"first: machine {alerts[0]['key']} at {alerts[0]['value']}; hottest: {max(a['value'] for a in alerts)}")
        print(f"machines: {', '.join(sorted({a['key'] for a in alerts}))}")
        for line in open(folder / "spells.jsonl"):
            spell = json.loads(line)["value"]
            print(f"{spell['state']}: {spell['count']} readings at {spell['mean']} on average")


if __name__ == "__main__":
    main()
