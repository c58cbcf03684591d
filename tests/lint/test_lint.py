"""The lint program finds what is planted, where it is planted, and nothing in a tree that keeps the rules.

SPDX-License-Identifier: MPL-2.0
"""
import contextlib
import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LINT = os.path.join(ROOT, "scripts", "lint")
C_TOP = "/* A file that keeps the rules.\n *\n * SPDX-License-Identifier: MPL-2.0 */\n"
SH_TOP = "#!/usr/bin/env bash\n# A script that keeps the rules.\n# SPDX-License-Identifier: MPL-2.0\nset -euo pipefail\n"
PY_TOP = '"""A script that keeps the rules.\n\nSPDX-License-Identifier: MPL-2.0\n"""\n'
RULES = "- **D4** Once.\n- **J1** to **J7** Bundles.\n- *Missing:* **S2A** to **S2C**, invitations.\n"
PAGE = '.TH MESH 1 2026-01-01 mesh "User Commands"\n.SH NAME\nmesh \\- a command\n.SH OPTIONS\n.TP\n.B \\-\\-json\nSo.\n.SH COMMANDS\n'
COMMAND = 'int cmd_a(int argc, char **argv) {\n    return 0;\n}\n'
OPTIONS = 'static const struct argp_option options[] = {\n    {"some-thing", 1, NULL, 0, NULL, 0},\n};\n\n'
CLEAN = {
    "docs/semantics.md": RULES,
    "mesh/core/a.c": C_TOP + '#include "mesh/base/b.h"\n#include <string.h>\n\n/* D4, J3 and S2B. */\n'
    'static int a(int x) {\n    return x == 1 ? 0 : strcmp("system(1)", "atoi(2)");\n}\n',
    "mesh/base/b.h": C_TOP + "#include <stdint.h>\n",
    "tests/unit/test_a.c": C_TOP + "Test(a, D4_once) {\n    a(1);\n}\n",
    "tests/support/wait.c": C_TOP + "void wait(void) {\n    usleep(1);\n}\n",
    "cli/main.c": C_TOP + 'static const struct command commands[] = {\n    {"a", "go", cmd_a, "goes"},\n};\n',
    "cli/a.c": C_TOP + OPTIONS + COMMAND,
    "cli/a.h": C_TOP + "#define CLI_A_OPTIONS \\\n    {\"one-more\", 'o', NULL, 0, NULL, 0}\n",
    "cli/line.c": C_TOP + OPTIONS.replace("some-thing", "json"),
    "docs/man/mesh.1": PAGE + ".SS mesh a go\ngoes.\n.TP\n.B \\-\\-some\\-thing\nSo.\n",
    "docs/tutorial/a.md": "# A\n\nFrom [a.c](../../mesh/core/a.c):\n\n```c\nstatic int a(int x) {\n```\n\n```console\n$ true\n```\n",
    "scripts/a": SH_TOP + "echo pure\n",
    "tests/mutants.tsv": "# A comment.\nname\tD4\tmesh/core/a.c\tint x\tint y\t^unit-test_a$\n",
}


def function(parameters="void", body="    return 0;\n"):
    return C_TOP + f"static int planted({parameters}) {{\n{body}}}\n"


def nested(depth):
    opening = "".join("    " * (level + 1) + "if (x) {\n" for level in range(depth))
    closing = "".join("    " * (level + 1) + "}\n" for level in reversed(range(depth)))
    return function("int x", opening + closing)


# What is planted: the file, its text, and the rule and the words that the lint must say; or nothing, at a limit.
PLANTED = [
    ("mesh/core/p.c", C_TOP + '#include "convention/core/members.h"\n', "includes", "may not include"),
    ("mesh/base/p.c", C_TOP + '#include "mesh/core/address.h"\n', "includes", "may not include"),
    ("proto/p.h", C_TOP + '#include "mesh/core/address.h"\n', "includes", "may not include"),
    ("convention/core/p.c", C_TOP + '#include "mesh/runtime/log.h"\n', "includes", "may not include"),
    ("mesh/runtime/p.c", C_TOP + '#include "convention/core/members.h"\n', "includes", "may not include"),
    ("mesh/patterns/p.c", C_TOP + '#include "mesh/base/b.h"\n', "includes", "may not include"),
    ("mesh/patterns/p.c", C_TOP + "#include <zmq.h>\n", "includes", "may not include"),
    ("mesh/patterns/p.c", C_TOP + "#include <mesh/actor.h>\n#include <unistd.h>\n", None, None),
    ("mesh/core/p.c", C_TOP + "#include <pthread.h>\n", "includes", "a pure ring"),
    ("mesh/core/p.c", C_TOP + '#include "mesh.pb-c.h"\n', "includes", "never passes proto/"),
    ("mesh/core/p.c", C_TOP + '#include "../base/b.h"\n', "includes", "without .."),
    ("cli/p.c", C_TOP + '#include "mesh/base/b.h"\n', "includes", "may not include"),
    ("cli/p.c", C_TOP + "#include <zmq.h>\n", "includes", "may not include"),
    ("examples/p/p.c", C_TOP + '#include "mesh/base/b.h"\n', "includes", "may not include"),
    ("examples/p/p.c", C_TOP + "#include <czmq.h>\n", "includes", "may not include"),
    ("bench/p.c", C_TOP + '#include <mesh/mesh.h>\n#include <zmq.h>\n#include "bench/q.h"\n', None, None),
    ("bench/p.c", C_TOP + '#include "mesh/core/address.h"\n', "includes", "may not include"),
    ("other/p.c", C_TOP + "#include <stdio.h>\n", "includes", "knows no ring"),
    ("mesh/runtime/p.c", function(body='    return system("true");\n'), "calls", "system() is banned"),
    ("mesh/runtime/p.c", function(body="    strcpy(a, b);\n"), "calls", "strcpy() is banned"),
    ("mesh/runtime/p.c", function(body="    signal(SIGINT, stop);\n"), "calls", "signal() is banned"),
    ("mesh/runtime/p.c", function(body="    signal(SIGPIPE, SIG_IGN);\n"), None, None),
    ("tests/sim/p.c", function(body="    return atoi(a);\n"), "calls", "atoi() is banned"),
    ("mesh/runtime/p.c", function(body="    clock_gettime(CLOCK_REALTIME, &t);\n"), "calls", "the time of day"),
    ("mesh/runtime/log.c", function(body="    clock_gettime(CLOCK_REALTIME, &t);\n"), None, None),
    ("cli/p.c", function(body="    return time(NULL) > 0;\n"), "calls", "the time of day"),
    ("tests/unit/p.c", function(body="    usleep(10);\n"), "sleeps", "a test waits for a thing"),
    ("tests/unit/p.c", function(body="    nanosleep(&t, 0);\n"), "sleeps", "a test waits for a thing"),
    ("tests/system/p", SH_TOP + "while true; do sleep 1; done\n", "sleeps", "a test waits for a thing"),
    ("tests/system/p.py", PY_TOP + "import time\ntime.sleep(1)\n", "sleeps", "a test waits for a thing"),
    ("mesh/core/p.c", C_TOP + "\n" * 598, "sizes", "601 lines"),
    ("mesh/core/p.c", C_TOP + "\n" * 597, None, None),
    ("mesh/core/p.c", function(body="    x++;\n" * 69), "sizes", "planted has 71 lines"),
    ("mesh/core/p.c", function(body="    x++;\n" * 68), None, None),
    ("mesh/core/p.c", function("int a, int b, int c, int d, int e, int f, int g"), "sizes", "7 parameters"),
    ("mesh/core/p.c", function("int a, int b, int c, int d, int e, int (*f)(int, int)"), None, None),
    ("mesh/core/p.c", nested(5), "sizes", "nested 5 deep"),
    ("mesh/core/p.c", nested(4), None, None),
    ("mesh/core/p.c", function(body="    struct s t = {\n        {{{{{1}}}}},\n    };\n"), None, None),
    ("mesh/core/p.c", C_TOP + "/* TO" "DO: more. */\n", "words", "finish it"),
    ("scripts/p", SH_TOP + "# FIX" "ME\n", "words", "finish it"),
    ("mesh/core/p.c", C_TOP + "/* Good enough for n" "ow. */\n", "words", "say what is"),
    ("mesh/core/p.c", C_TOP + "/* As D9 says. */\n", "rules", "rule D9"),
    ("mesh/core/p.c", C_TOP + "/* As S2D says. */\n", "rules", "rule S2D"),
    ("tests/unit/p.c", C_TOP + "Test(a, E7_twice) {\n}\n", "rules", "rule E7"),
    ("docs/semantics.md", RULES + "- **D5** In order.\n", "rules", "no test cites rule D5"),
    ("docs/semantics.md", RULES + "- **P5** Commands.\n", "rules", "no test cites rule P5"),
    ("docs/semantics.md", RULES + "- **K3** *Missing: metrics.*\n", None, None),
    ("tests/mutants.tsv", "name\tD4\tmesh/core/a.c\tint z\tint y\t^unit-test_a$\n", "rules", "does not stand in mesh/core/a.c"),
    ("tests/mutants.tsv", "name\tD4\tmesh/core/a.c\tint x\tint y^unit-test_a$\n", "rules", "a mutant has six columns"),
    ("tests/mutants.tsv", "name\tE7\tmesh/core/a.c\tint x\tint y\t^unit$\n", "rules", "rule E7"),
    ("mesh/core/p.c", "#include <stdio.h>\n", "opening", "does not open"),
    ("mesh/core/p.c", "/* SPDX-License-Identifier: MPL-2.0 */\n", "opening", "does not open"),
    ("mesh/base/b.c", "/* SPDX-License-Identifier: MPL-2.0 */\n", None, None),
    ("mesh/base/b.h", "/* SPDX-License-Identifier: MPL-2.0 */\n", "opening", "does not open"),
    ("mesh/core/p.c", "/* A file without a license. */\n", "opening", "lacks SPDX"),
    ("scripts/p", "#!/usr/bin/env bash\nset -euo pipefail\n", "opening", "does not open"),
    ("scripts/p", SH_TOP.replace("set -euo pipefail\n", ""), "shell", "pipefail"),
    ("scripts/p", SH_TOP + "echo $1\n", "shell", "SC2086"),
    ("docs/man/mesh.1", CLEAN["docs/man/mesh.1"] + ".SS mesh b\nis none.\n", "manual", "there is no command mesh b"),
    ("docs/man/mesh.1", CLEAN["docs/man/mesh.1"] + ".NO\n", "manual", "skipping unknown macro"),
    ("cli/main.c", CLEAN["cli/main.c"].replace('"go"', '"run"'), "manual", "no section for mesh a run"),
    ("cli/a.c", CLEAN["cli/a.c"].replace("some-", "any-"), "manual", "does not name the option --any-thing"),
    ("cli/a.c", CLEAN["cli/a.c"].replace("    {\"some", "    CLI_A_OPTIONS,\n    {\"some"), "manual", "does not name the option --one-more"),
    ("docs/tutorial/a.md", CLEAN["docs/tutorial/a.md"].replace("int x", "int y"), "quotes", "mesh/core/a.c does not say that"),
    ("docs/tutorial/a.md", CLEAN["docs/tutorial/a.md"].replace("static int", "int"), "quotes", "mesh/core/a.c does not say that"),
    ("docs/tutorial/a.md", CLEAN["docs/tutorial/a.md"].replace("core/a.c", "core/b.c"), "quotes", "there is no file mesh/core/b.c"),
    ("docs/tutorial/a.md", "# A\n\n```c\nint x;\n```\n", "quotes", "no file is named before that code"),
    ("cli/line.c", CLEAN["cli/line.c"].replace("json", "yaml"), "manual", "does not name the option --yaml"),
]


@contextlib.contextmanager
def tree(files):
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            full = os.path.join(root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as file:
                file.write(text)
        yield root


def lint(root, *options):
    return subprocess.run([sys.executable, LINT, "--root", root, *options], capture_output=True, text=True, check=False)


class Lint(unittest.TestCase):
    def test_a_clean_tree_has_no_findings(self):
        with tree(CLEAN) as root:
            said = lint(root)
        self.assertEqual((said.returncode, said.stdout), (0, ""))

    def test_what_is_planted_is_found(self):
        for path, text, rule, words in PLANTED:
            with self.subTest(path=path, rule=rule, words=words), tree(CLEAN | {path: text}) as root:
                said = lint(root)
                if rule is None:
                    self.assertEqual((said.returncode, said.stdout), (0, ""))
                else:
                    self.assertEqual(said.returncode, 1)
                    self.assertRegex(said.stdout, rf"(?m)^{path}:\d+: .*\[{rule}\]$")
                    self.assertIn(words, said.stdout)

    def test_a_mutant_for_another_test_proves_no_rule(self):
        with tree(CLEAN | {"tests/mutants.tsv": "name\tD4\tmesh/core/a.c\tint x\tint y\t^unit-test_b$\n"}) as root:
            self.assertIn("docs/semantics.md:1: no mutant of rule D4", lint(root).stdout)

    def test_the_line_is_told(self):
        with tree(CLEAN | {"mesh/core/p.c": C_TOP + "\n\n#include <poll.h>\n"}) as root:
            self.assertIn("mesh/core/p.c:6: ", lint(root).stdout)


class Purity(unittest.TestCase):
    RINGS = ("mesh/base/libmesh_base.a", "proto/libmesh_proto.a", "mesh/core/libmesh_core.a",
             "convention/core/libconvention_core.a")

    def archives(self, root, planted):
        for ring in self.RINGS:
            folder = os.path.join(root, os.path.dirname(ring))
            os.makedirs(folder, exist_ok=True)
            source, member = os.path.join(folder, "m.c"), os.path.join(folder, "m.o")
            with open(source, "w", encoding="utf-8") as file:
                file.write(planted.get(ring, f"int pure_{len(ring)}; /* alone */\n"))
            subprocess.run(["cc", "-c", "-o", member, source], check=True)
            subprocess.run(["ar", "rc", os.path.join(root, ring), member], check=True)

    def test_pure_archives_have_no_findings(self):
        calls = "void *malloc(unsigned long); void *f(void) { return malloc(1); }\n"
        with tree(CLEAN) as root, tempfile.TemporaryDirectory() as build:
            self.archives(build, {self.RINGS[2]: calls})
            self.assertEqual(lint(root, "--archives", build).stdout, "")

    def test_a_core_that_reads_the_clock_is_found(self):
        calls = "long time(long *); long f(void) { return time(0); }\n"
        with tree(CLEAN) as root, tempfile.TemporaryDirectory() as build:
            self.archives(build, {self.RINGS[2]: calls})
            self.assertIn("mesh_core calls time [purity]", lint(root, "--archives", build).stdout)

    def test_a_core_that_calls_an_outer_ring_is_found(self):
        planted = {self.RINGS[0]: "int outer(void); int f(void) { return outer(); }\n",
                   self.RINGS[2]: "int outer(void) { return 1; }\n"}
        with tree(CLEAN) as root, tempfile.TemporaryDirectory() as build:
            self.archives(build, planted)
            self.assertIn("mesh_base calls outer [purity]", lint(root, "--archives", build).stdout)

    def test_an_archive_that_is_missing_is_found(self):
        with tree(CLEAN) as root, tempfile.TemporaryDirectory() as build:
            self.assertIn("has not been built [purity]", lint(root, "--archives", build).stdout)


if __name__ == "__main__":
    unittest.main()
