"""The prediction service as it is usually written: FastAPI around a scikit-learn forest. A peer of the benchmark."""

import os

import joblib
import numpy
from fastapi import Body, FastAPI

app = FastAPI()
model = joblib.load(os.environ["BENCH_MODEL"])


@app.get("/health")
async def health():
    return "OK"


@app.post("/prediction")
async def prediction(vector: list[float] = Body(...), score: bool = False):
    rows = numpy.array([vector])
    answer = {"is_inliner": int(model.predict(rows)[0])}
    if score:
        answer["anomaly_score"] = float(model.score_samples(rows)[0])
    return answer
