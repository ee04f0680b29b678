"""What every store holds before it is measured, computed so that the right answers are known without asking anyone.

500 runs with 20 metrics and 20 params each, 500 registered models with 3 tags and one version each, and empty runs to log
into.
"""

import dataclasses
import json
import urllib.parse

from api import Client, Refused, in_parallel

RUNS, METRICS, PARAMS = 500, 20, 20
MODELS, DETECTORS = 500, 50
VARIANTS = 10  # of each search, so that one remembered answer does not serve them all
WRITTEN_RUNS = 64
MAX_RESULTS = 100
NOT_A_PROMPT = "tag.`mlflow.prompt.is_prompt` != 'true'"  # which the official client appends to every search


@dataclasses.dataclass
class Store:
    searched: str  # experiment ids
    written: str
    created: str
    runs: list[str]  # run ids of `searched`, by number
    metric_runs: list[str]
    batch_runs: list[str]


def metric(run: int, number: int) -> float:
    return ((run + 1) * (2 * number + 1) * 7919 % 100_003) / 100_003


def param(run: int, number: int) -> str:
    return str((run + number) % VARIANTS)


def model_tags(number: int) -> dict[str, str]:
    mode = "prod" if number // DETECTORS % 2 == 0 else "dev"
    return {"online": "True", "detector": f"d{number % DETECTORS}", "deployment_mode": mode}


def answers_registry(client: Client) -> bool:
    try:
        client.get("registered-models/search", max_results=1)
    except Refused:
        return False
    return True


def fill(client: Client, *, with_registry: bool) -> Store:
    searched, written, created = (client.create_experiment(name) for name in ("searched", "written", "created"))

    def make_run(number: int) -> str:
        run = client.create_run(searched, f"run-{number}")
        client.post(
            "runs/log-batch",
            run_id=run,
            metrics=[
                {"key": f"m{i}", "value": metric(number, i), "timestamp": 1_700_000_000_000, "step": 1}
                for i in range(METRICS)
            ],
            params=[{"key": f"p{i}", "value": param(number, i)} for i in range(PARAMS)],
        )
        return run

    def make_model(number: int):
        tags = [{"key": key, "value": value} for key, value in model_tags(number).items()]
        client.post("registered-models/create", name=f"model-{number}", tags=tags)
        client.post("model-versions/create", name=f"model-{number}", source=f"s3://models/{number}")

    runs = in_parallel(make_run, list(range(RUNS)))
    if with_registry:
        in_parallel(make_model, list(range(MODELS)))
    targets = in_parallel(lambda i: client.create_run(written, f"target-{i}"), list(range(2 * WRITTEN_RUNS)))
    return Store(searched, written, created, runs, targets[:WRITTEN_RUNS], targets[WRITTEN_RUNS:])


def run_searches(store: Store) -> list[str]:
    """Templates for the load generator, one per variant."""
    return [
        "POST /api/2.0/mlflow/runs/search "
        + json.dumps(
            {
                "experiment_ids": [store.searched],
                "filter": f"metrics.m0 > 0.5 and params.p0 = '{variant}'",
                "order_by": ["metrics.m1 DESC"],
                "max_results": MAX_RESULTS,
            }
        )
        for variant in range(VARIANTS)
    ]


def model_searches() -> list[str]:
    templates = []
    for variant in range(VARIANTS):
        wanted = {"online": "True", "detector": f"d{variant}", "deployment_mode": "prod"}
        text = " and ".join(f"tags.{key} = '{value}'" for key, value in wanted.items()) + f" AND {NOT_A_PROMPT}"
        query = urllib.parse.urlencode({"filter": text, "max_results": MAX_RESULTS})
        templates.append(f"GET /api/2.0/mlflow/registered-models/search?{query}")
    return templates


def check_run_search(store: Store, variant: int, answer: dict) -> str | None:
    """What is wrong with the answer, or nothing."""
    right = [i for i in range(RUNS) if metric(i, 0) > 0.5 and param(i, 0) == str(variant)]
    right.sort(key=lambda i: -metric(i, 1))
    got = answer.get("runs", [])
    ids = [run["info"]["run_id"] for run in got]
    if ids != [store.runs[i] for i in right[:MAX_RESULTS]]:
        return f"search-runs {variant}: {len(ids)} runs, which are not the {len(right)} right ones in order"
    for number, run in zip(right, got):
        metrics = {m["key"]: m["value"] for m in run["data"]["metrics"]}
        params = {p["key"]: p["value"] for p in run["data"]["params"]}
        if metrics != {f"m{i}": metric(number, i) for i in range(METRICS)}:
            return f"search-runs {variant}: run {number} has other metrics than were logged"
        if params != {f"p{i}": param(number, i) for i in range(PARAMS)}:
            return f"search-runs {variant}: run {number} has other params than were logged"
    return None


def check_model_search(variant: int, answer: dict) -> str | None:
    """What is wrong with the answer, or nothing."""
    wanted = {"online": "True", "detector": f"d{variant}", "deployment_mode": "prod"}
    right = {f"model-{i}" for i in range(MODELS) if model_tags(i) == wanted}
    models = answer.get("registered_models", [])
    if {model["name"] for model in models} != right or len(models) != len(right):
        return f"search-models {variant}: {len(models)} models, which are not the {len(right)} right ones"
    for model in models:
        if {tag["key"]: tag["value"] for tag in model.get("tags", [])} != wanted:
            return f"search-models {variant}: {model['name']} has other tags than were set"
        if [version["version"] for version in model.get("latest_versions", [])] not in (["1"], [1]):
            return f"search-models {variant}: {model['name']} lacks its version"
    return None
