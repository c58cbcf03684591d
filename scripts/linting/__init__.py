"""The rules that the tree keeps, one module each; scripts/lint runs them all.

SPDX-License-Identifier: MPL-2.0
"""
