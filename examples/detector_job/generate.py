#!/usr/bin/env python3
"""Writes the two tables of the example: customers, and their transactions. The same seed gives the same bytes.

    ./generate.py FOLDER [--seed N] [--spike-day YYYY-MM-DD]

Two hundred customers in four regions joined from 2023-01-01 on; each of a thousand transactions lies between the day its
customer joined and the end of 2023. CSV without a header, as metrics/tables.yaml declares it. With --spike-day two
hundred more transactions by customers in EU fall on that day.
"""

import argparse
import csv
import datetime as dt
import pathlib
import random

FIRST = dt.datetime(2023, 1, 1)
END = dt.datetime(2024, 1, 1)
REGIONS = ("NA", "EU", "APAC", "LATAM")
PAYMENTS = ("credit", "debit", "cash")
CUSTOMERS, TRANSACTIONS, SPIKE = 200, 1000, 200


def customers(chance):
    joined = FIRST
    for customer in range(1, CUSTOMERS + 1):
        joined += dt.timedelta(days=chance.randint(0, 2))
        born = dt.date(chance.randint(1980, 2000), chance.randint(1, 12), chance.randint(1, 28))
        yield customer, f"customer {customer}", chance.choice(REGIONS), born, min(joined, END - dt.timedelta(days=30))


def transactions(chance, people, spike):
    def row(number, person, when):
        total = chance.randint(100, 2000) / 100
        return number, person[0], when.strftime("%Y-%m-%d %H:%M:%S"), chance.choice(PAYMENTS), total

    for number in range(1, TRANSACTIONS + 1):
        person = chance.choice(people)
        span = int((END - person[4]).total_seconds())
        yield row(number, person, person[4] + dt.timedelta(seconds=chance.randrange(span)))
    europeans = [person for person in people if person[2] == "EU"]
    for number in range(TRANSACTIONS + 1, TRANSACTIONS + SPIKE + 1 if spike else TRANSACTIONS + 1):
        yield row(number, chance.choice(europeans), spike + dt.timedelta(seconds=chance.randrange(86_400)))


def write(path, rows):
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--spike-day", type=dt.datetime.fromisoformat)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(options.seed)
    people = list(customers(chance))
    write(options.folder / "dim_customers.csv", ((*p[:3], p[3].isoformat(), p[4].date().isoformat()) for p in people))
    write(options.folder / "fct_transactions.csv", transactions(chance, people, options.spike_day))


if __name__ == "__main__":
    main()
