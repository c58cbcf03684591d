"""The cores call nothing but each other and a few functions of the C library that touch nothing outside: nm says so.

SPDX-License-Identifier: MPL-2.0
"""
import os
import re
import subprocess

from scripts.linting.tree import Finding

RULE = "purity"

# From the inside out: each may call itself, those before it, and the allow-list.
ARCHIVES = {
    "mesh_base": "mesh/base/libmesh_base.a",
    "mesh_proto": "proto/libmesh_proto.a",
    "mesh_core": "mesh/core/libmesh_core.a",
    "convention_core": "convention/core/libconvention_core.a",
}
MEMORY = {"malloc", "calloc", "realloc", "aligned_alloc", "free", "memcpy", "memmove", "memset", "memcmp", "memchr"}
TEXT = {"strlen", "strcmp", "strncmp", "strchr", "strdup", "strndup", "snprintf", "vsnprintf"}
TEXT |= {"strtol", "strtoll", "strtoul", "strtoull", "strtod", "__ctype_b_loc", "__errno_location"}
LINKER = {"_GLOBAL_OFFSET_TABLE_", "__stack_chk_fail"}
ALLOWED = MEMORY | TEXT | LINKER | {"qsort", "bsearch"}
ALLOWED_BESIDES = {
    # A failed CHECK says so and ends the process.
    "mesh_base": re.compile(r"abort|fprintf|stderr|fputs"),
    # The generated code asserts the type of what it is given.
    "mesh_proto": re.compile(r"protobuf_c_\w+|__assert_fail"),
}
NM_LINE = re.compile(r"^(?:[0-9a-f]+)?\s+([A-Za-z]) (\S+)$")


def symbols(archive):
    """What an archive defines, and what it needs, by member: (set, list of (member, name))."""
    text = subprocess.run(["nm", archive], check=True, capture_output=True, text=True).stdout
    defined, needed, member = set(), [], archive
    for line in text.splitlines():
        match = NM_LINE.match(line)
        if not match:
            member = line.rstrip(":") or member
        elif match.group(1) in "Uwv":
            needed.append((member, match.group(2)))
        else:
            defined.add(match.group(2))
    return defined, needed


def check(build):
    """Findings for the archives in a build folder; one that is not there is a finding too."""
    own = set()
    for ring, path in ARCHIVES.items():
        archive = os.path.join(build, path)
        if not os.path.exists(archive):
            yield Finding(archive, 0, RULE, f"the archive of {ring} has not been built")
            continue
        defined, needed = symbols(archive)
        own |= defined
        besides = ALLOWED_BESIDES.get(ring)
        for member, name in needed:
            if name not in own and name not in ALLOWED and not (besides and besides.fullmatch(name)):
                yield Finding(archive, 0, RULE, f"{member} of the pure ring {ring} calls {name}")
