"""Sizes: files to 600 lines, functions to 70 lines, 6 parameters and 4 levels of nesting.

It reads C as clang-format writes it: a function's head starts in the first column and ends in ") {", its last line is "}".
SPDX-License-Identifier: MPL-2.0
"""
import re

RULE = "sizes"
FILE_LINES = 600
FUNCTION_LINES = 70
PARAMETERS = 6
# mesh_ask is mesh_tell with a wait and an answer: what the two have in common stays in one order.
MORE_PARAMETERS = {"mesh_ask": 7, "mesh_endpoint_ask": 7, "mesh_test_ask": 7, "mesh_test_endpoint_ask": 7}
NESTING = 4
HEAD = re.compile(r"^(?!(?:struct|enum|union) \w* ?\{)[A-Za-z_][^;{}#]*?\b(\w+)\(([^;{}]*)\) \{$", re.MULTILINE)
TABLE_HEADS = ("LIST_EACH",)


def check(sources):
    for source in sources:
        lines = source.text.count("\n")
        if lines > FILE_LINES:
            yield source.finding(0, RULE, f"{lines} lines, {FILE_LINES} are the limit: which second idea is in here?")
        if source.is_c:
            for head in HEAD.finditer(source.code):
                yield from check_function(source, head)


def check_function(source, head):
    name = head.group(1)
    if name in ("Test", "TestSuite", "ParameterizedTest"):
        name = re.sub(r"\W+", " ", head.group(2)).strip()
    else:
        count = parameters(head.group(2))
        limit = MORE_PARAMETERS.get(name, PARAMETERS)
        if count > limit:
            yield source.finding(head.start(1), RULE, f"{name} has {count} parameters, {limit} are the limit")
    end = source.code.find("\n}", head.end())
    body = source.code[head.end() : end]
    lines = source.code.count("\n", head.start(), end) + 2
    if lines > FUNCTION_LINES:
        yield source.finding(head.start(1), RULE, f"{name} has {lines} lines, {FUNCTION_LINES} are the limit")
    depth = nesting(body)
    if depth > NESTING:
        yield source.finding(head.start(1), RULE, f"{name} is nested {depth} deep, {NESTING} are the limit")


def parameters(text):
    """The number of parameters between the parentheses of a head."""
    if text.strip() in ("", "void"):
        return 0
    depth, count = 0, 1
    for char in text:
        depth += (char == "(") - (char == ")")
        count += char == "," and depth == 0
    return count


def nesting(body):
    """How deep blocks lie in each other; braces of initialisers and compound literals are no blocks."""
    stack, deepest = [], 0
    for match in re.finditer(r"[{}]", body):
        if match.group() == "{":
            before = body[: match.start()]
            inner = bool(stack) and not stack[-1]
            stack.append(not inner and re.search(r"(\) |\belse |\bdo |: |[;{}]\s*)$", before) is not None)
            deepest = max(deepest, sum(stack))
        elif stack:
            stack.pop()
    return deepest
