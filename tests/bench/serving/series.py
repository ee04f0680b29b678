"""The fit and predict API as it is usually written: FastAPI, a pickle for each version. A peer of the benchmark."""

import os
import pathlib
import pickle

import numpy
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

app = FastAPI()
MODELS = pathlib.Path(os.environ["BENCH_MODELS"])


class Points(BaseModel):
    timestamps: list[int]
    values: list[float]


class Point(BaseModel):
    timestamp: str | int
    value: float


def versions(series: str) -> list[int]:
    return sorted(int(path.stem.rsplit("_v", 1)[1]) for path in MODELS.glob(f"{series}_v*.pkl"))


@app.get("/health")
async def health():
    return "OK"


@app.post("/fit/{series}")
async def fit(series: str, points: Points):
    version = (versions(series) or [0])[-1] + 1
    model = {"mean": float(numpy.mean(points.values)), "deviation": float(numpy.std(points.values))}
    (MODELS / f"{series}_v{version}.pkl").write_bytes(pickle.dumps(model))
    return {"series_id": series, "version": f"v{version}", "points_used": len(points.values)}


@app.post("/predict/{series}")
async def predict(series: str, point: Point):
    known = versions(series)
    if not known:
        raise HTTPException(404, "Model not found")
    model = pickle.loads((MODELS / f"{series}_v{known[-1]}.pkl").read_bytes())
    return {"anomaly": point.value > model["mean"] + 3 * model["deviation"], "model_version": f"v{known[-1]}"}
