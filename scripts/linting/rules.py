"""Every rule that a comment, a test's name or the table of mutants cites stands in docs/semantics.md; and each of A to H, K, P and S that
stands there is cited by a test, which a mutant of that rule fails.

SPDX-License-Identifier: MPL-2.0
"""
import os
import re

from scripts.linting import tree

RULE = "rules"
PAGE = "docs/semantics.md"
MUTANTS = "tests/mutants.tsv"
CITED = re.compile(r"(?<![A-Za-z0-9_.])((?:[A-HJKP]\d{1,2}[a-z]?)|S\d[A-Z])(?![A-Za-z0-9])")
TEST = re.compile(r"^(?:Test|ParameterizedTest)\((.*?)[),]\s*(?:\{|\.)", re.MULTILINE | re.DOTALL)
STATED = re.compile(r"\*\*((?:[A-HJKP]\d{1,2}[a-z]?)|S\d[A-Z])\*\*")
RANGE = re.compile(r"\*\*([A-Z]\d?)(\d+|[A-Z])\*\* to \*\*\1(\d+|[A-Z])\*\*")

PROMISED = re.compile(r"^- \*\*([A-HKP]\d{1,2}[a-z]?|S\d[A-Z])\*\* (?!\*Missing)", re.MULTILINE)
NAMED = re.compile(r"\b(?:test_)?((?:(?:[A-HKP]\d{1,2}[a-z]?|S\d[A-Z])_)+)[a-z]")


def stated(root):
    """The rules that stand on the page."""
    path = os.path.join(root, PAGE)
    if not os.path.exists(path):
        return set()
    with open(path, encoding="utf-8") as file:
        text = file.read()
    rules = set(STATED.findall(text))
    for prefix, first, last in RANGE.findall(text):
        if first.isdigit():
            rules |= {f"{prefix}{number}" for number in range(int(first), int(last) + 1)}
        else:
            rules |= {f"{prefix}{chr(letter)}" for letter in range(ord(first), ord(last) + 1)}
    return rules


def check(sources, root):
    known = stated(root)
    for source in sources:
        if source.is_c:
            for offset, rule in citations(source):
                if rule not in known:
                    yield source.finding(offset, RULE, f"rule {rule} does not stand in {PAGE}")


def citations(source):
    """The rules that a C file cites, with their places."""
    for match in CITED.finditer(source.comments):
        yield match.start(1), match.group(1)
    for test in TEST.finditer(source.code):
        for match in CITED.finditer(test.group(1)):
            yield test.start(1) + match.start(1), match.group(1)


def check_mutants(mutants, root):
    """The same for the table of mutants, whose second column is the rule; and what they break stands in the code."""
    known = stated(root)
    for row in re.finditer(r"^[^#\n].*", mutants.text, re.MULTILINE):
        if row.group().count("\t") != 5:
            yield mutants.finding(row.start(), RULE, "a mutant has six columns: name, rule, path, old, new, tests")
    for row in re.finditer(r"^[^#\t\n][^\t\n]*\t([^\t\n]*)", mutants.text, re.MULTILINE):
        if row.group(1) not in known:
            yield mutants.finding(row.start(1), RULE, f"rule {row.group(1)} does not stand in {PAGE}")
    for row in re.finditer(r"^[^#\t\n][^\t\n]*\t[^\t\n]*\t([^\t\n]*)\t([^\t\n]*)", mutants.text, re.MULTILINE):
        path, line = row.group(1), row.group(2).replace("\\n", "\n")
        if line not in text_of(os.path.join(root, path)):
            yield mutants.finding(row.start(2), RULE, f"what the mutant breaks does not stand in {path}")


def text_of(path):
    """Of a file that may not be there."""
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as file:
        return file.read()


def check_proofs(sources, mutants, root):
    """Each rule that is built is cited by a test, and some mutant of the rule is for such a test."""
    tests = citing_tests(sources)
    rows = [line.split("\t") for line in mutants.text.splitlines() if line.count("\t") == 5 and not line.startswith("#")]
    page = tree.Source(root, PAGE)
    for match in PROMISED.finditer(page.text):
        rule = match.group(1)
        names = tests.get(rule, ())
        if not names:
            yield page.finding(match.start(1), RULE, f"no test cites rule {rule} in its name")
        elif not any(row[1] == rule and re.search(row[5], name) for row in rows for name in names):
            yield page.finding(match.start(1), RULE, f"no mutant of rule {rule} in {MUTANTS} is for a test that cites it")


def citing_tests(sources):
    """For each rule the names, in ctest, of the tests that cite it."""
    tests = {}
    for source in sources:
        if source.is_test and (source.is_c or source.is_python):
            code = source.code if source.is_c else source.text
            for match in NAMED.finditer(code):
                for rule in match.group(1).rstrip("_").split("_"):
                    tests.setdefault(rule, set()).add(name_in_ctest(source.path))
    return tests


def name_in_ctest(path):
    folder, name = os.path.split(os.path.splitext(path)[0])
    script = path.endswith(".py")
    kind = folder[len("tests/") :].replace("/", "-")
    return f"{kind}-run-{name[len('test_'):]}" if script else f"{kind}-{name}"
