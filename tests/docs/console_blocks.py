#!/usr/bin/env python3
"""Runs every console block of a page in one shell and compares what it prints.

usage: console_blocks.py PAGE... [--junit FILE]

Lines that begin with "$ " are commands, "> " continues one; the rest is what they print. "..." alone stands for any
lines, inside a line for any text. WAKEFUL_BINARY is the program that the pages call `wakeful`; the port 5000 of the
pages becomes a free one.
"""
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import xml.sax.saxutils as xml


def blocks(text):
    """[(line number, command, expected lines)]"""
    steps = []
    for match in re.finditer(r"^```console\n(.*?)^```$", text, re.S | re.M):
        line = text.count("\n", 0, match.start()) + 2
        for offset, row in enumerate(match.group(1).splitlines()):
            if row.startswith("$ "):
                steps.append((line + offset, row[2:], []))
            elif row.startswith(">") and not steps[-1][2]:
                steps[-1] = (steps[-1][0], steps[-1][1] + "\n" + row[2:], [])
            else:
                steps[-1][2].append(row)
    return steps


def matches(expected, printed):
    pattern = "".join("(?:.*\n)*?" if row.strip() == "..." else
                      ".*?".join(map(re.escape, row.rstrip().split("..."))) + " *\n" for row in expected)
    return re.fullmatch(pattern, printed) is not None


PATIENCE = 120  # seconds for one command


class Shell:
    """bash, told one command after another; the end of each is seen by a line that it prints."""

    def __init__(self, folder, binary):
        binaries = pathlib.Path(folder, "bin")
        binaries.mkdir()
        (binaries / "wakeful").symlink_to(pathlib.Path(binary).resolve())
        environment = {**os.environ, "PATH": f"{binaries}:{os.environ['PATH']}"}
        self.process = subprocess.Popen(["bash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, cwd=folder, env=environment,
                                        start_new_session=True)

    def run(self, command):
        if self.process.poll() is not None:
            return 1, "(the shell has ended)\n"
        # The line break before the mark: what a command printed need not end with one.
        self.process.stdin.write(command + "\nprintf '\\n--end %d\\n' $?\n")
        self.process.stdin.flush()
        alarm = threading.Timer(PATIENCE, os.killpg, (self.process.pid, signal.SIGKILL))
        alarm.start()
        try:
            return self.answer()
        finally:
            alarm.cancel()

    def answer(self):
        printed = ""
        for line in self.process.stdout:
            if line.startswith("--end "):
                printed = printed[:-1]  # the mark's own line break
                return int(line.split()[1]), printed + ("\n" if printed and not printed.endswith("\n") else "")
            printed += line
        self.process.wait()
        return 1, printed + f"(the shell ended, as after {PATIENCE} s)\n"

    def end(self):
        if self.process.poll() is None:
            self.process.stdin.write("kill $(jobs -p) 2>/dev/null\n")
            self.process.stdin.close()
        self.process.wait(timeout=60)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def check(page, binary):
    port = str(free_port())
    results = []
    with tempfile.TemporaryDirectory() as folder:
        shell = Shell(folder, binary)
        for line, command, expected in blocks(pathlib.Path(page).read_text()):
            code, printed = shell.run(command.replace("5000", port))
            right = code == 0 and matches([row.replace("5000", port) for row in expected], printed)
            message = None if right else f"exit code {code}\nexpected:\n" + "\n".join(expected) + f"\nprinted:\n{printed}"
            results.append((f"{page}:{line}", message))
            if message:
                print(f"FAILED {page}:{line}: {command}\n{message}")
                break
        shell.end()
    return results


def main(words):
    if not words or words[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if words else 2
    junit = words[words.index("--junit") + 1] if "--junit" in words else None
    pages = [w for w in words if w != "--junit" and w != junit]
    results = [r for page in pages for r in check(page, os.environ["WAKEFUL_BINARY"])]
    if junit:
        with open(junit, "w") as file:
            file.write("<testsuite name=\"docs\">\n")
            for name, message in results:
                failure = f"<failure>{xml.escape(message)}</failure>" if message else ""
                file.write(f"<testcase classname=\"docs\" name={xml.quoteattr(name)}>{failure}</testcase>\n")
            file.write("</testsuite>\n")
    print(f"{len(results)} console blocks, {sum(m is not None for _, m in results)} failed")
    return int(any(m for _, m in results) or not results)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
