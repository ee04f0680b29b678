"""`cmake --install`: program, library and header are there, and a C program is built and runs with them alone."""
import os
import pathlib
import subprocess

import pytest

BINARY = pathlib.Path(os.environ["WAKEFUL_BINARY"]).resolve()

PROGRAM = r"""
#include <stdio.h>
#include <wakeful/detectors.h>
int main(void) {
  char error[200] = "";
  wakeful_model* model = wakeful_detectors_open("none.model", error, sizeof error);
  printf("%d %d %s\n", wakeful_detectors_abi_version() == WAKEFUL_DETECTORS_ABI_VERSION, model == NULL, error);
  return 0;
}
"""


def run(*words, **options):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=300, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_what_is_installed_is_all_that_programs_in_other_languages_need(tmp_path):
    build = BINARY.parent
    if not (build / "CMakeCache.txt").exists():
        pytest.skip("the program does not lie where it was built")
    prefix = tmp_path / "prefix"
    run("cmake", "--install", build, "--prefix", prefix)
    (program,) = prefix.rglob("bin/wakeful")
    (header,) = prefix.rglob("wakeful/detectors.h")
    (library,) = prefix.rglob("libwakeful_detectors.so")
    assert run(program, "version") == run(BINARY, "version")
    (tmp_path / "main.c").write_text(PROGRAM)
    sanitized = ["-fsanitize=address,undefined"] if "asan" in run("ldd", library) else []
    run("cc", "-Wall", "-Werror", *sanitized, "-I", header.parents[1], tmp_path / "main.c", "-L", library.parent,
        "-lwakeful_detectors", f"-Wl,-rpath,{library.parent}", "-o", tmp_path / "main")
    told = run(tmp_path / "main", cwd=tmp_path)
    assert told.startswith("1 1 ") and "none.model" in told
