"""Turns what was measured into a table, targets that are met or missed, and JSON."""

import dataclasses
import os
import platform
import statistics

from scenarios import SCENARIOS, Scenario
from servers import MIB

BEST = "mlflow+qa"  # MLflow as it does best: asked over connections that acknowledge at once
PLAIN = "mlflow"  # as its clients see it
FULL, NORMAL = "wakeful", "wakeful-normal"


@dataclasses.dataclass
class Results:
    """Rounds by scenario and form; what is measured once by form; disk rates by scenario."""

    rounds: dict[str, dict[str, list[dict]]]
    disk: dict[str, list[dict]]
    memory: dict[str, dict]
    starts: dict[str, dict]
    forms: list[str]
    versions: dict[str, str]
    left: list
    wrong: dict[str, list[str]]
    compared: dict[str, dict]
    crashes: list[dict]
    settings: dict

    def rate(self, scenario: str, form: str) -> float | None:
        rounds = self.rounds.get(scenario, {}).get(form)
        return statistics.median(r["rate"] for r in rounds) if rounds else None

    def ratio(self, scenario: str, form: str, to: str) -> float | None:
        """The median of the ratios of each round: both were measured seconds apart."""
        ours, theirs = (self.rounds.get(scenario, {}).get(name) or [] for name in (form, to))
        ratios = [a["rate"] / b["rate"] for a, b in zip(ours, theirs) if b["rate"]]
        return statistics.median(ratios) if ratios else None

    def per_sync(self, scenario: str, form: str) -> float | None:
        """Rate over the commits that this disk did a second in the same round."""
        ours = self.rounds.get(scenario, {}).get(form) or []
        ratios = [a["rate"] / b["sqlite_wal_full"] for a, b in zip(ours, self.disk.get(scenario, []))]
        return statistics.median(ratios) if ratios else None


@dataclasses.dataclass
class Target:
    what: str
    wanted: float
    got: float | None
    at_most: bool = False
    unit: str = "×"

    @property
    def verdict(self) -> str:
        if self.got is None:
            return "not measured"
        return "met" if (self.got <= self.wanted if self.at_most else self.got >= self.wanted) else "MISSED"


def targets_of(results: Results) -> list[Target]:
    ratio = results.ratio
    targets = [
        Target("log-metric c=64, durable, to MLflow", 100, ratio("log-metric c=64", FULL, BEST)),
        Target("log-metric c=1, durable, to the disk's commits", 0.9, results.per_sync("log-metric c=1", FULL)),
        Target("log-batch c=1, durable, to MLflow", 10, ratio("log-batch c=1", FULL, BEST)),
        Target("create-run c=32, durable, to MLflow", 50, ratio("create-run c=32", FULL, BEST)),
        Target("create-run c=32, durable, to the disk's commits", 0.6 * 32, results.per_sync("create-run c=32", FULL)),
        Target("search-runs c=32, to MLflow", 40, ratio("search-runs c=32", FULL, BEST)),
        Target("search-models c=1, to MLflow", 15, ratio("search-models c=1", FULL, BEST)),
        Target("health c=32, to a bare cpp-httplib answer", 0.9, ratio("health c=32", FULL, "httplib")),
    ]
    for name in ("search-runs c=1", "search-runs c=32", "log-metric c=32", "log-metric c=64", "log-batch c=32",
                 "create-run c=32"):  # fmt: skip
        targets.append(Target(f"{name}, durable, to FastTrackML", 1, ratio(name, FULL, "fasttrackml")))
    for name in ("log-metric c=1", "log-batch c=1", "create-run c=1"):
        targets.append(Target(f"{name}, synchronous=normal, to FastTrackML", 1, ratio(name, NORMAL, "fasttrackml")))
    idle, start = results.memory.get(FULL), results.starts.get(FULL)
    targets += [
        Target("idle memory (RSS)", 20, idle and idle["rss"] / MIB, at_most=True, unit=" MiB"),
        Target("cold start on an existing store", 30, start and start["existing"] * 1e3, at_most=True, unit=" ms"),
    ]
    return targets


def number(value: float | None) -> str:
    if value is None:
        return "-"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def aligned(rows: list[list[str]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def rates_table(results: Results) -> str:
    rows = [["rate (median)", "", *results.forms]]
    for scenario in SCENARIOS:
        rates = [results.rate(scenario.name, form) for form in results.forms]
        if any(rate is not None for rate in rates):
            rows.append([scenario.name, scenario.unit, *map(number, rates)])
    return aligned(rows)


def ratios_table(results: Results) -> str:
    forms = [form for form in results.forms if form != BEST]
    rows = [[f"× {BEST}", *forms]]
    for scenario in SCENARIOS:
        ratios = [results.ratio(scenario.name, form, BEST) for form in forms]
        if any(ratio is not None for ratio in ratios):
            rows.append([scenario.name, *map(number, ratios)])
    return aligned(rows)


def latency_of(results: Results, scenario: Scenario, form: str) -> str:
    rounds = results.rounds.get(scenario.name, {}).get(form)
    if not rounds:
        return "-"
    p50, p99 = (statistics.median(r[q] for r in rounds) for q in ("p50_ms", "p99_ms"))
    failed = sum(r["failed"] for r in rounds)
    return f"{number(p50)}/{number(p99)}" + (f" ({failed} failed)" if failed else "")


def latencies_table(results: Results) -> str:
    rows = [["p50/p99, ms", *results.forms]]
    for scenario in SCENARIOS:
        if scenario.name in results.rounds:
            rows.append([scenario.name, *(latency_of(results, scenario, form) for form in results.forms)])
    return aligned(rows)


def processor_table(results: Results) -> str:
    rows = [["processor ms per answer", *results.forms]]
    for scenario in SCENARIOS:
        rounds = results.rounds.get(scenario.name, {})
        cells = [
            f"{statistics.median(r['processor_ms'] for r in rounds[form]):.3f}" if form in rounds else "-"
            for form in results.forms
        ]
        if rounds:
            rows.append([scenario.name, *cells])
    return aligned(rows)


def costs_table(results: Results) -> str:
    forms = [form for form in results.forms if form in results.starts]
    rows = [["process tree", *forms]]

    def row(name, value_of):
        rows.append([name, *(value_of(form) for form in forms)])

    row("cold start, empty store, ms", lambda f: number(results.starts[f]["empty"] * 1e3))
    row("cold start, existing store, ms", lambda f: number(results.starts[f]["existing"] * 1e3))
    row("idle RSS, MiB", lambda f: number(results.memory[f]["rss"] / MIB))
    row("idle PSS, MiB", lambda f: number(results.memory[f]["pss"] / MIB))
    row("processes", lambda f: str(results.memory[f]["processes"]))
    row("peak RSS under load, MiB", lambda f: number(results.memory[f]["peak_rss"] / MIB))
    return aligned(rows)


def disk_table(results: Results) -> str:
    rows = [["this disk, per second", "append 4 kB + fdatasync", "SQLite commit (WAL, FULL)"]]
    for name, rounds in results.disk.items():
        medians = [statistics.median(r[kind] for r in rounds) for kind in ("append_fdatasync", "sqlite_wal_full")]
        rows.append([f"beside {name}", *map(number, medians)])
    return aligned(rows)


def targets_table(targets: list[Target]) -> str:
    rows = [["target", "wanted", "got", ""]]
    for target in targets:
        sign = "≤" if target.at_most else "≥"
        got = "-" if target.got is None else number(target.got) + target.unit
        rows.append([target.what, f"{sign} {target.wanted:g}{target.unit}", got, target.verdict])
    return aligned(rows)


def integrity_lines(results: Results) -> list[str]:
    lines = []
    for name, counts in results.compared.items():
        wrong = results.wrong.get(name, [])
        kept = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
        if not kept and not wrong:
            continue
        lines.append(f"read back from {name}: {kept or 'nothing'}; {'every one as acknowledged' if not wrong else 'WRONG'}")
        lines += [f"  WRONG: {text}" for text in wrong[:10]]
    for crash in results.crashes:
        verdict = "none lost" if not crash["wrong"] else "WRONG: " + "; ".join(crash["wrong"][:5])
        lines.append(
            f"kill -9 after {crash['after_seconds']:.2f} s of {crash['scenario']}: "
            f"{crash['acknowledged']:,} acknowledged, {crash['stored']:,} stored, {verdict}"
        )
    return lines


def text_of(results: Results) -> str:
    settings = results.settings
    parts = [
        f"{settings['rounds']} rounds of {settings['seconds']:g} s each, {os.cpu_count()} processors, "
        f"load {settings['load_before']:.1f} before (above 0.5, others were at work and the numbers are theirs too)",
        "measured: " + ", ".join(f"{name} {version}" for name, version in results.versions.items()),
        *(f"left out: {left.name} ({left.reason})" for left in results.left),
        f"{BEST}: the same server asked over connections that acknowledge at once (TCP_QUICKACK), as all others are; "
        f"{PLAIN}: as its clients see it.",
        "",
        *(f"{table}\n" for table in (rates_table(results), ratios_table(results), latencies_table(results))),
        *(f"{table}\n" for table in (processor_table(results), costs_table(results), disk_table(results))),
        *integrity_lines(results),
        "",
        targets_table(targets_of(results)),
    ]
    return "\n".join(parts)


def json_of(results: Results) -> dict:
    targets = [{**dataclasses.asdict(t), "verdict": t.verdict} for t in targets_of(results)]
    fields = dataclasses.asdict(results)
    medians = {
        scenario.name: {form: results.rate(scenario.name, form) for form in results.forms} for scenario in SCENARIOS
    }
    machine = {"processors": os.cpu_count(), "kernel": platform.release(), "python": platform.python_version()}
    return {"benchmark": "tracking", "machine": machine, "rates": medians, "targets": targets, **fields}
