"""Loads a model folder that Wakeful wrote: the python_function flavour of its MLmodel file names this module.

    model = mlflow.pyfunc.load_model(version.source)
    found = model.predict(frame)          # a row for each algorithm, row and entity

The scores are those of the server, to the last bit: the same C++ code makes them, in libwakeful_detectors.so, which is
installed with the program. It is looked for where WAKEFUL_DETECTORS_LIBRARY says, beside or below `../lib` of the
`wakeful` that PATH finds, and where the system keeps its libraries. Nothing but numpy and pandas is needed.

Threads: predictions of one model may run at once.
"""

import ctypes
import ctypes.util
import datetime
import json
import os
import pathlib
import shutil
import warnings

import numpy as np
import pandas as pd

ABI_VERSION = 1
LIBRARY = "libwakeful_detectors.so"
TIME_COLUMNS = ("ts", "time", "timestamp")
COLUMNS = ["algorithm", "entity", "timestamp", "value", "expected", "lower", "upper", "score", "is_anomaly"]

TIME, TEXT, NUMBER = 1, 2, 3  # kinds of inputs

# Beside methods that give a row for each column, a column more for each makes tables of columns times columns.
MOST_MIXED_CONTRIBUTORS = 64

_DOUBLES = ctypes.POINTER(ctypes.c_double)
_TEXTS = ctypes.POINTER(ctypes.c_char_p)


class _Scores(ctypes.Structure):
    _fields_ = [(name, _DOUBLES) for name in ("anomaly_score", "channel_score", "expected", "lower", "upper")]


class _Column(ctypes.Structure):
    _fields_ = [("texts", _TEXTS), ("numbers", _DOUBLES)]


class WakefulError(RuntimeError):
    """The library is missing or of another version, or refuses a file, or rows are refused; the text says why."""


def _candidates():
    if given := os.environ.get("WAKEFUL_DETECTORS_LIBRARY"):
        yield given
        return
    if program := shutil.which("wakeful"):
        folder = pathlib.Path(program).resolve().parent
        yield from (str(path) for path in sorted([folder / LIBRARY, *folder.parent.glob(f"lib*/**/{LIBRARY}")])
                    if path.exists())
    if found := ctypes.util.find_library("wakeful_detectors"):
        yield found
    yield f"{LIBRARY}.{ABI_VERSION}"


def _open_library():
    reasons = []
    for candidate in _candidates():
        try:
            library = ctypes.CDLL(candidate)
            break
        except OSError as error:
            reasons.append(str(error))
    else:
        raise WakefulError(f"{LIBRARY} cannot be loaded: {'; '.join(reasons)}. Install wakeful, or name the library in "
                           "WAKEFUL_DETECTORS_LIBRARY")
    version = library.wakeful_detectors_abi_version
    version.restype = ctypes.c_uint32
    if version() != ABI_VERSION:
        raise WakefulError(f"{LIBRARY} has interface {version()}, this model's loader speaks {ABI_VERSION}")
    model, size, text = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p
    shapes = {
        "open": (model, [text, text, size]),
        "close": (None, [model]),
        "position": (text, [model]),
        "count": (size, [model]),
        "name": (text, [model, size]),
        "algorithm": (text, [model, size]),
        "channels": (size, [model, size]),
        "channel": (text, [model, size, size]),
        "per_channel": (ctypes.c_int, [model, size]),
        "score": (ctypes.c_int, [model, size, _DOUBLES, size, ctypes.POINTER(_Scores), text, size]),
        "update": (ctypes.c_int, [model, size, _DOUBLES, size, ctypes.POINTER(_Scores), text, size]),
    }
    shapes |= {
        "inputs": (size, [model]),
        "input": (text, [model, size]),
        "input_kind": (ctypes.c_int, [model, size]),
        "score_columns": (ctypes.c_int, [model, size, ctypes.POINTER(_Column), size, ctypes.POINTER(_Scores), text, size]),
    }
    for name, (result, arguments) in shapes.items():
        try:
            function = getattr(library, f"wakeful_detectors_{name}")
        except AttributeError as error:
            raise WakefulError(f"{candidate} is older than this model's loader: {error}. Install the program's") from error
        function.restype, function.argtypes = result, arguments
    return library


def _numbers(frame, column):
    """A column as doubles, NaN where it is missing. Errors: one that holds no numbers, by name."""
    if column not in frame.columns:
        return np.full(len(frame), np.nan)
    try:
        return frame[column].to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise WakefulError(f"column '{column}' holds no numbers: {error}") from error


def _text(cell, column, of):
    """A time or a category as the library takes it, None where it is missing."""
    if isinstance(cell, str) and "\0" not in cell:
        return cell.encode()
    if cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and cell != cell):
        return None
    if isinstance(cell, (int, np.integer)) and not isinstance(cell, bool):
        return str(int(cell)).encode()
    if of == TIME and isinstance(cell, (datetime.date, float)):
        return str(cell).encode()
    raise WakefulError(f"column '{column}' holds {cell!r:.100}, which is no {'time' if of == TIME else 'text'}")


class WakefulModel:
    """A model file in memory. `predict` leaves it where it stands: behind the bucket that starts at `position`."""

    def __init__(self, path):
        self._library = _open_library()
        error = ctypes.create_string_buffer(1000)
        self._model = self._call("open", os.fsencode(path), error, len(error))
        if not self._model:
            raise WakefulError(error.value.decode(errors="replace"))
        self.position = self._call("position", self._model).decode()
        self.algorithms = [self._call("name", self._model, i).decode() for i in range(self._call("count", self._model))]
        # Of a model that was trained with features: its raw columns and their kinds. Else empty.
        self.inputs = [(self._call("input", self._model, i).decode(), self._call("input_kind", self._model, i))
                       for i in range(self._call("inputs", self._model))]
        is_mixed = any(self._call("per_channel", self._model, i) for i in range(len(self.algorithms)))
        self._most_contributors = MOST_MIXED_CONTRIBUTORS if is_mixed else float("inf")

    def __del__(self):
        if getattr(self, "_model", None):
            self._call("close", self._model)

    def _call(self, name, *arguments):
        return getattr(self._library, f"wakeful_detectors_{name}")(*arguments)

    def channels(self, algorithm):
        """The entities of an algorithm, in the order in which it takes them."""
        i = self.algorithms.index(algorithm)
        return [self._call("channel", self._model, i, c).decode() for c in range(self._call("channels", self._model, i))]

    def scores(self, algorithm, rows):
        """`rows`: times × entities. The library's own results, arrays by name: anomaly_score by row, the others by cell."""
        i = self.algorithms.index(algorithm)
        rows = np.ascontiguousarray(rows, dtype=np.float64)
        width = self._call("channels", self._model, i)
        if rows.ndim != 2 or rows.shape[1] != width:
            raise WakefulError(f"{algorithm} takes rows of {width} numbers")
        return self._score("score", i, rows.ctypes.data_as(_DOUBLES), len(rows))

    def _score(self, call, i, cells, count):
        shape = (count, self._call("channels", self._model, i))
        out = {name: np.full(shape[:1] if name == "anomaly_score" else shape, np.nan) for name, _ in _Scores._fields_}
        pointers = _Scores(**{name: array.ctypes.data_as(_DOUBLES) for name, array in out.items()})
        error = ctypes.create_string_buffer(1000)
        if self._call(call, self._model, i, cells, count, ctypes.byref(pointers), error, len(error)):
            raise WakefulError(error.value.decode(errors="replace"))
        return out

    def predict(self, model_input, params=None):
        """Scores the rows that follow the model's position, one a step of the detector's granularity.

        `model_input`: a frame, or what makes one; times are its index or its column ts, time or timestamp, every other
        column is an entity. One that the model does not know is left out, one that is missing is never anomalous; both
        are warned about, and so are times that do not rise. A method that judges rows as a whole gives one row for all, with
        the entity "", and what each column contributes to its score in `contribution_<column>`; other methods' rows leave
        that empty. A model that has such methods too, and more than MOST_MIXED_CONTRIBUTORS columns, does not tell it.

        A model that was trained with features takes the columns in `inputs`, as the training's source had them, and judges
        each row by itself; its entity is its categories. A column that is missing is refused, by name, and so is a
        category that the training did not show, unless the model has a code for such ones. Contributions are those of the
        features that it makes of them.
        """
        frame = model_input if isinstance(model_input, pd.DataFrame) else pd.DataFrame(
            [model_input] if isinstance(model_input, dict) and not any(map(np.ndim, model_input.values())) else model_input)
        frame = frame.set_axis([str(column) for column in frame.columns], axis=1)
        if twice := sorted(set(frame.columns[frame.columns.duplicated()])):
            raise WakefulError(f"columns come twice: {', '.join(twice)}")
        own = [name for name, kind in self.inputs if kind == TIME]
        found = [name for name in (*own, *TIME_COLUMNS) if name in frame.columns]
        times = frame[found[0]] if found else frame.index.to_series()
        taken = {name for name, _ in self.inputs if name not in own}
        frame = frame.drop(columns=[name for name in found if name not in taken])
        if self.inputs:
            return self._predict_raw(frame, times, bool(found))
        if pd.api.types.is_datetime64_any_dtype(times) and not (times.is_monotonic_increasing and times.is_unique):
            warnings.warn("times do not rise from row to row; rows are scored in the order in which they come", stacklevel=3)
        parts = [self._predict(i, name, frame, times) for i, name in enumerate(self.algorithms)]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)

    def _predict(self, i, algorithm, frame, times):
        channels = self.channels(algorithm)
        for what, names in (("unknown to", set(frame.columns) - set(channels)),
                            ("missing for", set(channels) - set(frame.columns))):
            if names:
                warnings.warn(f"columns {what} {algorithm}: {', '.join(sorted(names))}", stacklevel=4)
        rows = np.column_stack([_numbers(frame, channel) for channel in channels])
        found = self.scores(algorithm, rows)
        if self._call("per_channel", self._model, i):
            table = {"entity": np.tile(channels, len(rows)), "timestamp": np.repeat(times.to_numpy(), len(channels)),
                     "value": rows.ravel(), "expected": found["expected"].ravel(), "lower": found["lower"].ravel(),
                     "upper": found["upper"].ravel(), "score": found["channel_score"].ravel()}
        else:
            alone = rows[:, 0] if len(channels) == 1 else np.full(len(rows), np.nan)
            table = {"entity": channels[0] if len(channels) == 1 else "", "timestamp": times.to_numpy(), "value": alone,
                     "expected": np.nan, "lower": np.nan, "upper": np.nan, "score": found["anomaly_score"]}
        table = pd.DataFrame({"algorithm": algorithm, **table})
        table["is_anomaly"] = table["score"] > 1
        return pd.concat([table[COLUMNS], self._contributions(i, algorithm, found)], axis=1)

    def _contributions(self, i, algorithm, found):
        """What each column contributes to the score of a row, where they are judged together; otherwise no columns."""
        channels = self.channels(algorithm)
        if self._call("per_channel", self._model, i) or not 1 < len(channels) <= self._most_contributors:
            return pd.DataFrame()
        return pd.DataFrame(found["channel_score"], columns=[f"contribution_{channel}" for channel in channels])

    def _predict_raw(self, frame, times, is_named):
        missing = [name for name, kind in self.inputs if kind != TIME and name not in frame.columns]
        if any(kind == TIME for _, kind in self.inputs) and not is_named and pd.api.types.is_numeric_dtype(times):
            missing.insert(0, f"{self.inputs[0][0]} (or {', '.join(TIME_COLUMNS)}, or an index of times)")
        if missing:
            raise WakefulError(f"columns missing that the model takes: {', '.join(missing)}")
        if unknown := sorted(set(frame.columns) - {name for name, _ in self.inputs}):
            warnings.warn(f"columns unknown to the model: {', '.join(unknown)}", stacklevel=4)
        columns, texts, groups, values = (_Column * len(self.inputs))(), [], [], np.full(len(frame), np.nan)
        for column, (name, kind) in zip(columns, self.inputs):
            if kind == NUMBER:
                values = np.ascontiguousarray(_numbers(frame, name))
                column.numbers = values.ctypes.data_as(_DOUBLES)
                continue
            cells = [_text(cell, name, kind) for cell in (times if kind == TIME else frame[name])]
            texts.append((ctypes.c_char_p * len(cells))(*cells))
            column.texts = ctypes.cast(texts[-1], _TEXTS)
            if kind == TEXT:
                groups.append([(cell or b"").decode() for cell in cells])
        entities = [group[0] if len(group) == 1 else json.dumps(group, ensure_ascii=False, separators=(",", ":"))
                    for group in zip(*groups)] if groups else ""
        table = {"entity": entities, "timestamp": times.to_numpy(), "value": np.where(np.isinf(values), np.nan, values),
                 "expected": np.nan, "lower": np.nan, "upper": np.nan}
        parts = []
        for i, name in enumerate(self.algorithms):
            found = self._score("score_columns", i, columns, len(frame))
            part = pd.DataFrame({"algorithm": name, **table, "score": found["anomaly_score"]})
            part["is_anomaly"] = part["score"] > 1
            parts.append(pd.concat([part[COLUMNS], self._contributions(i, name, found)], axis=1))
        return pd.concat(parts, ignore_index=True)


def _load_pyfunc(path):
    """What mlflow.pyfunc.load_model calls."""
    return WakefulModel(path)
