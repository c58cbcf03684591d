"""Rings look inwards only: base <- proto <- mesh/core <- convention/core; shells use cores, patterns and programs the public headers.

SPDX-License-Identifier: MPL-2.0
"""
import re

RULE = "includes"
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">\n]+)[">]', re.MULTILINE)

BASE = ("mesh/base/",)
PROTO = BASE + ("proto/",)
CORE = PROTO + ("mesh/core/",)
CONVENTION = CORE + ("convention/core/",)

# Folder -> what it may include in quotes. The longest matching folder counts.
MAY_INCLUDE = {
    "mesh/include/": (),
    "mesh/base/": BASE,
    "proto/": PROTO,
    "mesh/core/": CORE,
    "convention/core/": CONVENTION,
    "mesh/runtime/": CORE + ("mesh/runtime/",),
    "mesh/patterns/": (),
    "mesh/host/": CORE + ("mesh/runtime/", "mesh/host/"),
    "convention/admin/": CONVENTION + ("mesh/runtime/", "convention/admin/"),
    "cli/": ("cli/",),
    "bench/": ("bench/",),
    "bench/bench_core": CONVENTION + ("bench/bench_core",),  # times the cores by themselves
    "examples/": (),
    "tests/": ("",),
}

# Libraries that only some folders may use: programs know nothing below <mesh/...>, and the benchmark its raw baseline.
SYSTEM_ONLY_IN = {
    "zmq.h": ("mesh/runtime/", "bench/", "tests/"),
    "sodium.h": ("mesh/runtime/", "examples/", "tests/"),
    "czmq.h": ("convention/admin/", "tests/"),
    "jansson.h": ("cli/", "bench/", "tests/"),
}

# What a pure ring may include of the system: nothing that reaches outside the process.
PURE = ("mesh/base/", "proto/", "mesh/core/", "convention/core/")
PURE_SYSTEM = {
    "inttypes.h", "limits.h", "stdalign.h", "stdarg.h", "stdatomic.h", "stdbool.h", "stddef.h", "stdint.h", "stdio.h",
    "stdlib.h", "string.h",
}
GENERATED = re.compile(r"\.pb-c\.h$|^protobuf-c/")


def check(sources):
    for source in sources:
        if source.is_c:
            for match in INCLUDE.finditer(source.text):
                text = fault(source.path, match.group(1) == '"', match.group(2))
                if text:
                    yield source.finding(match.start(), RULE, text)


def fault(path, quoted, included):
    """What is wrong with an include, or nothing."""
    if ".." in included.split("/"):
        return f'"{included}": includes are relative to the root, without ..'
    if GENERATED.search(included):
        # An example may have messages of its own; the wire's generated types never pass the codec.
        return None if path.startswith(("proto/", "examples/", "mesh/include/")) else f"<{included}> never passes proto/"
    folder = max((folder for folder in MAY_INCLUDE if path.startswith(folder)), key=len, default=None)
    if folder is None:
        return f"the lint knows no ring for this file; add its folder to {__name__}"
    if quoted:
        if path.startswith("examples/") and "/" not in included:
            return None
        return None if included.startswith(MAY_INCLUDE[folder]) else f'{folder} may not include "{included}"'
    if not path.startswith(SYSTEM_ONLY_IN.get(included, "")):
        return f"{folder} may not include <{included}>"
    if folder in PURE and not included.startswith("mesh/") and included not in PURE_SYSTEM:
        return f"a pure ring may not include <{included}>"
    return None
