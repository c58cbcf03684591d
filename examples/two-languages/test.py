"""Runs the program with a node of its own: test.py PROGRAM MODULES PACKAGES.

SPDX-License-Identifier: MPL-2.0
"""
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
WANTED = """A field of 3 by 4 has room for 12 trees.
A field of 2 by 2.5 has room for 5 trees.
No poem: "as wide as it is long" are not two numbers.
"""


def main():
    program, modules, packages = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="ex.") as directory:
        spawner = ["env", f"PYTHONPATH={packages}", "PYTHONDONTWRITEBYTECODE=1", sys.executable, "-m", "actormesh.spawner", "--path", str(HERE),
                   "fields"]
        environment = dict(os.environ, MESH_RUN_DIRECTORY=f"{directory}/run", MESH_NODE_MODULE_PATH=modules, MESH_NODE_BIND="none",
                           MESH_NODE_SPAWNER=shlex.join(spawner))
        said = subprocess.run([program, "3 4", "2 2.5", "as wide as it is long"], env=environment, capture_output=True, text=True, timeout=60,
                              check=False)
    print(said.stdout + said.stderr, end="")
    return 0 if said.stdout == WANTED and said.returncode == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
