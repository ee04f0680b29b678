#!/usr/bin/env python3
"""Readings of three machines, one of which runs hot: a walk by whole degrees until one reads 100. Seeded."""

import argparse
import json
import random
import sys

START = [66, 58, 62]
# The weights of a step by -1, 0 and 1 degree, by decade of the temperature.
NORMAL = {4: (0, 0, 100), 5: (20, 30, 50), 6: (30, 40, 30), 7: (40, 50, 10), 8: (80, 10, 10), 9: (100, 0, 0)}
FAULTY = {4: (0, 0, 100), 5: (0, 10, 90), 6: (5, 15, 80), 7: (5, 20, 75), 8: (5, 20, 75), 9: (10, 20, 70)}
STEP_NS = 200_000_000


def readings(seed, begins_ns=1_700_000_000_000_000_000):
    chance = random.Random(seed)
    temperature = list(START)
    for i in range(100_000):
        machine = i % 3
        weights = (FAULTY if machine == 2 else NORMAL)[temperature[machine] // 10]
        temperature[machine] += chance.choices((-1, 0, 1), weights)[0]
        at = begins_ns + i * STEP_NS
        value = {"Temperature_C": temperature[machine], "Timestamp": at}
        yield {"key": str(machine), "ts": at // 1_000_000, "value": value}
        if temperature[machine] == 100:
            return


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    for reading in readings(parser.parse_args().seed):
        json.dump(reading, sys.stdout)
        print()
