"""Who is measured, and how each is installed: every peer in a virtual environment of its own, made once and kept.

A peer that cannot be installed is left out, and the report says so.
"""

import dataclasses
import os
import pathlib
import subprocess
import sys

from servers import Kind

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "GIT_PYTHON_REFRESH": "quiet"}


@dataclasses.dataclass
class Left:
    """A peer that is not there, and why."""

    name: str
    reason: str


def cache() -> pathlib.Path:
    return pathlib.Path(os.environ.get("WAKEFUL_VENVS", pathlib.Path.home() / ".cache" / "wakeful"))


def say(text: str):
    print(text, file=sys.stderr, flush=True)


def built(folder: pathlib.Path, name: str, sources: list[str], libraries: list[str]) -> pathlib.Path:
    """One of the small programs beside this file, built only for benchmarks: no part of Wakeful."""
    program = folder / f"{name}-program"
    flags = ["-std=c++20", "-O2", "-Wall", "-Wextra", "-I", ROOT / "tests"]
    subprocess.run(["g++", *flags, *(HERE / source for source in sources), "-o", program, *libraries], check=True)
    return program


def load_generator(folder: pathlib.Path) -> pathlib.Path:
    return built(folder, "load", ["load.cpp", "questions.cpp"], [])


def wakeful_binary(given: pathlib.Path | None) -> pathlib.Path:
    """The one that is given, or the release build."""
    if given:
        return given.resolve()
    done = subprocess.run([ROOT / "scripts/build", "release"], stdout=subprocess.PIPE, text=True, check=True)
    return pathlib.Path(done.stdout.strip().splitlines()[-1])


def wakeful(binary: pathlib.Path, synchronous: str) -> Kind:
    def command(port, folder):
        return [
            str(binary), "server", "--host", "127.0.0.1", "--port", str(port),
            "--backend-store-uri", f"sqlite:///{folder}/wakeful.db",
            "--artifacts-destination", f"{folder}/artifacts", "--synchronous", synchronous,
        ]

    version = subprocess.run([str(binary), "version"], capture_output=True, text=True, check=True).stdout.split()[-1]
    name = "wakeful" if synchronous == "full" else f"wakeful-{synchronous}"
    return Kind(name, command, version, is_wakeful=True, starts=5)


def mlflow() -> Kind:
    made = subprocess.run([ROOT / "tests/clients/setup-venvs", "3"], stdout=subprocess.PIPE, text=True, check=True)
    venv = pathlib.Path(made.stdout.strip())

    def command(port, folder):
        return [
            str(venv / "bin/mlflow"), "server", "--host", "127.0.0.1", "--port", str(port),
            "--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", f"{folder}/artifacts",
        ]

    return Kind("mlflow", command, version_of(venv, "mlflow"), environment=environment_of(venv))


def mlflow_go() -> Kind:
    venv = made_venv("mlflow-go", ["mlflow-go-backend==0.2.2", "mlflow==3.0.1", "SQLAlchemy<2.1"])
    # The wheel names its ELF library as on macOS, and the loader looks for .so.
    for library in venv.glob("lib/python3*/site-packages/mlflow_go_backend/*.dylib"):
        link = library.with_suffix(".so")
        if not link.exists():
            link.symlink_to(library.name)

    def command(port, folder):
        return [
            str(venv / "bin/mlflow-go"), "server", "--host", "127.0.0.1", "--port", str(port),
            "--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", f"{folder}/artifacts",
        ]

    return Kind("mlflow-go", command, version_of(venv, "mlflow-go-backend"), environment=environment_of(venv))


def fasttrackml() -> Kind:
    venv = made_venv("fasttrackml", ["fasttrackml==0.6.0"])

    def command(port, folder):
        return [
            str(venv / "bin/fml"), "server", "--listen-address", f"127.0.0.1:{port}",
            "--database-uri", f"sqlite://{folder}/fml.db", "--default-artifact-root", f"{folder}/artifacts",
        ]

    version = version_of(venv, "fasttrackml")
    return Kind("fasttrackml", command, version, environment=environment_of(venv), has_registry=False, starts=5)


def bare(program: pathlib.Path) -> Kind:
    """Only its /health is asked."""
    return Kind("httplib", lambda port, folder: [str(program), str(port)], "distribution's", has_registry=False)


def environment_of(venv: pathlib.Path) -> dict[str, str]:
    return {**QUIET, "PATH": f"{venv / 'bin'}:{os.environ['PATH']}"}


def made_venv(name: str, packages: list[str]) -> pathlib.Path:
    venv = cache() / f"venv-{name}"
    mark = venv / "made-from"
    wanted = "\n".join(packages)
    if not mark.exists() or mark.read_text() != wanted:
        say(f"bench: installing {', '.join(packages)}")
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        pip = [venv / "bin/pip", "--quiet", "--disable-pip-version-check", "install", *packages]
        subprocess.run(pip, check=True, stdout=sys.stderr)
        mark.write_text(wanted)
    return venv


def version_of(venv: pathlib.Path, package: str) -> str:
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    return subprocess.run([venv / "bin/python", "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def found(names: list[str]) -> tuple[list[Kind], list[Left]]:
    """The peers that could be installed, and those that could not."""
    kinds, left = [], []
    for name, make in {"mlflow": mlflow, "mlflow-go": mlflow_go, "fasttrackml": fasttrackml}.items():
        if name not in names:
            left.append(Left(name, "not asked for"))
            continue
        try:
            kinds.append(make())
        except (OSError, subprocess.CalledProcessError) as error:
            left.append(Left(name, f"did not install: {error}"))
    return kinds, left
