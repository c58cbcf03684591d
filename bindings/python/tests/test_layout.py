"""What the package believes of the library's structures and numbers is what the headers say.

SPDX-License-Identifier: MPL-2.0
"""
import ctypes
import os
import pathlib
import subprocess
import tempfile
import unittest

from actormesh import library, values

ROOT = pathlib.Path(__file__).resolve().parents[3]
STRUCTURES = {
    "mesh_address": library.RawAddress,
    "mesh_error": library.Error,
    "mesh_capability": library.Capability,
    "mesh_requirement": library.Requirement,
    "mesh_fit": library.Fit,
    "mesh_create_options": library.CreateOptions,
    "mesh_send_options": library.SendOptions,
    "mesh_node_options": library.NodeOptions,
    "mesh_host_request": library.HostRequest,
    "mesh_spawner_type": library.SpawnerType,
    "mesh_exit": library.Exit,
    "mesh_timer": library.Timer,
    "mesh_dead": library.Dead,
    "mesh_update": library.RawUpdate,
    "mesh_actor_report": library.ActorReport,
    "mesh_member_report": library.MemberReport,
    "mesh_counter_report": library.CounterReport,
    "mesh_name_report": library.NameReport,
    "mesh_source_report": library.SourceReport,
    "mesh_source": library.RawSource,
    "mesh_node_report": library.NodeReport,
    "mesh_actor_details": library.ActorDetails,
    "mesh_report": library.RawReport,
}
NUMBERS = {
    **{f"MESH_{name}": getattr(library, name)
       for name in ("FOREVER", "DONE", "FAILED", "EXIT", "USER", "EXIT_REQUEST", "CHILD_EXITED", "POISON", "DEAD_LETTER", "WAKEUP", "WATCH",
                    "REPORT", "UPDATE", "SOURCE", "VALIDATE", "CHECK", "BEGIN", "END", "OK", "WOULD_BLOCK", "TIMED_OUT", "INTERRUPTED", "NO_MEMORY",
                    "INVALID_ARGUMENT", "CLOSED", "DEAD", "REFUSED", "UNKNOWN_TYPE", "LOAD_FAILED")},
    "MESH_PRESENT": values.PRESENT,
    "MESH_EQUAL": values.EQUAL,
    "MESH_NOT_EQUAL": values.UNEQUAL,
    "MESH_LESS": values.LESS,
    "MESH_LESS_OR_EQUAL": values.AT_MOST,
    "MESH_GREATER": values.MORE,
    "MESH_GREATER_OR_EQUAL": values.AT_LEAST,
    "MESH_IN": values.IN,
    "MESH_TOLD": values.TOLD,
}


def told_by_headers():
    """Lines of a name and a number each, as a compiler sees them."""
    lines = ["#include <mesh/mesh.h>", "#include <stddef.h>", "#include <stdio.h>", "int main(void) {"]
    asked = {}
    for name, structure in STRUCTURES.items():
        asked[name] = f"sizeof(struct {name})"
        for field, _ in structure._fields_:
            asked[f"{name}.{field}"] = f"offsetof(struct {name}, {field})"
    asked.update({name: name for name in NUMBERS})
    lines += [f'    printf("{name} %lld\\n", (long long)({expression}));' for name, expression in asked.items()]
    with tempfile.TemporaryDirectory(prefix="py.") as directory:
        program = pathlib.Path(directory, "layout")
        compiler = [os.environ.get("CC", "gcc"), "-std=c11", f"-I{ROOT / 'mesh' / 'include'}", "-xc", "-", "-o", program]
        subprocess.run(compiler, input="\n".join(lines + ["    return 0;", "}", ""]), text=True, check=True)
        said = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    return {name: int(number) for name, number in (line.split() for line in said.splitlines())}


class Layout(unittest.TestCase):
    def test_structures_and_numbers_are_those_of_the_headers(self):
        believed = dict(NUMBERS)
        for name, structure in STRUCTURES.items():
            believed[name] = ctypes.sizeof(structure)
            believed.update({f"{name}.{field}": getattr(structure, field).offset for field, _ in structure._fields_})
        self.assertEqual(believed, told_by_headers())


if __name__ == "__main__":
    unittest.main()
