"""The console blocks of every example's page, run as they stand there: what they print is what the page says."""

import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
BINARY = os.environ.get("WAKEFUL_BINARY", str(ROOT / "build/ci/wakeful"))
sys.path.append(str(ROOT / "tests/docs"))
import console_blocks  # noqa: E402


def commands(folder):
    """[(command, the lines that the page shows of it)]; of those with scripts/example alone."""
    found = console_blocks.blocks((folder / "README.md").read_text())
    return [(command, lines) for _, command, lines in found if command.startswith("scripts/example ")]


PAGES = sorted(folder for folder in EXAMPLES.iterdir() if folder.is_dir())
SHOWN = [pytest.param(command, lines, id=command.split()[1]) for folder in PAGES for command, lines in commands(folder)]


@pytest.mark.parametrize("folder", PAGES, ids=lambda folder: folder.name)
def test_every_example_has_one_command(folder):
    first = commands(folder)[0][0]
    assert first.split()[1] == folder.name


@pytest.mark.parametrize(("command", "lines"), SHOWN)
def test_prints_what_its_page_says(command, lines):
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, env={**os.environ, "WAKEFUL_BINARY": BINARY}, capture_output=True,
                          text=True, timeout=300)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert lines and console_blocks.matches(lines, done.stdout), done.stdout


@pytest.fixture
def checkout(tmp_path):
    """A clean one whose setup and build only say that they ran; the program that they make prints its words."""
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    shutil.copy(ROOT / "scripts/example", scripts)
    example = tmp_path / "examples/mine"
    example.mkdir(parents=True)
    (example / "run.py").write_text("import sys\nprint('ran', *sys.argv[1:])\n")
    said = f'echo "$(basename "$0") $*" >>{tmp_path}/said\n'
    program = tmp_path / "made/wakeful"
    for name, more in (("setup", ""), ("build", f"echo building >&2\necho {program}\n")):
        script = scripts / name
        script.write_text("#!/bin/sh\n" + said + more)
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return tmp_path


def example(checkout, *words, path=None, **environment):
    kept = {name: value for name, value in os.environ.items() if name != "WAKEFUL_BINARY"}
    # Without a `wakeful` in it, unless there shall be one.
    path = ":".join([*([str(path)] if path else []), "/usr/bin", "/bin"])
    done = subprocess.run([checkout / "scripts/example", *words], env={**kept, "PATH": path, **environment}, capture_output=True,
                          text=True, timeout=60)  # fmt: skip
    said = checkout / "said"
    return done.returncode, done.stdout, said.read_text().splitlines() if said.exists() else []


def a_program(path):
    path.parent.mkdir(parents=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


@pytest.mark.skipif(any(pathlib.Path(folder, "wakeful").exists() for folder in ("/usr/bin", "/bin")), reason="it is installed")
def test_where_there_is_no_program_it_is_built_first(checkout):
    made = checkout / "made/wakeful"
    assert example(checkout, "mine", "a b") == (0, f"ran --wakeful {made} a b\n", ["setup ", "build release"])


def test_a_program_that_is_there_is_taken(checkout):
    on_path = a_program(checkout / "bin/wakeful")
    assert example(checkout, "mine", path=on_path.parent) == (0, f"ran --wakeful {on_path}\n", [])
    built = a_program(checkout / "build/release/wakeful")
    assert example(checkout, "mine", path=on_path.parent) == (0, f"ran --wakeful {built}\n", [])
    named = a_program(checkout / "elsewhere/wakeful")
    assert example(checkout, "mine", path=on_path.parent, WAKEFUL_BINARY=str(named)) == (0, f"ran --wakeful {named}\n", [])


def test_an_example_that_is_none_is_told_with_those_there_are(checkout):
    code, printed, said = example(checkout, "another")
    assert (code, printed, said) == (2, "", [])
    done = subprocess.run([ROOT / "scripts/example", "--help"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and re.findall(r"^  (\w+)$", done.stdout, re.MULTILINE) == [folder.name for folder in PAGES]
