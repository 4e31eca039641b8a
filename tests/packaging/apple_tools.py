"""Stand-ins for Apple's tools: each accepts what its manual page documents, and nothing else.

As a script: `apple_tools.py TOOL ARGUMENTS...` adds them to the file that APPLE_TOOLS_LOG names.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

TOOLS = ("codesign", "ditto", "xcrun")


def install(folder: Path, log: Path) -> None:
    """Write a program for each tool into `folder`."""
    for tool in TOOLS:
        path = folder / tool
        path.write_text(
            f'#!/bin/sh\nAPPLE_TOOLS_LOG="{log}" exec "{sys.executable}" "{__file__}" {tool} "$@"\n'
        )
        path.chmod(0o755)


def codesign(arguments: list[str]) -> None:
    """codesign(1): signing with -s, or checking with -v."""
    parser = argparse.ArgumentParser(prog="codesign", allow_abbrev=False)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("-s", "--sign")
    action.add_argument("-v", "--verify", action="store_true")
    parser.add_argument("-f", "--force", action="store_true")
    parser.add_argument("--timestamp", action="store_true")
    parser.add_argument("-o", "--options", choices=["runtime", "hard", "kill", "library"])
    parser.add_argument("--entitlements", type=Path)
    parser.add_argument("--deep", action="store_true")
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--verbose", type=int)
    parser.add_argument("paths", nargs="+", type=Path)
    options = parser.parse_args(arguments)
    if options.verify and (options.force or options.options or options.entitlements):
        parser.error("these options sign")
    _exist(parser, *options.paths, *filter(None, [options.entitlements]))
    if options.sign == "nobody":
        sys.exit(f"{options.sign}: no identity found")


def ditto(arguments: list[str]) -> None:
    """ditto(1): -c -k creates a PKZip archive."""
    parser = argparse.ArgumentParser(prog="ditto", allow_abbrev=False)
    parser.add_argument("-c", action="store_true", required=True)
    parser.add_argument("-k", action="store_true", required=True)
    parser.add_argument("--keepParent", action="store_true")
    parser.add_argument("source", type=Path)
    parser.add_argument("archive", type=Path)
    options = parser.parse_args(arguments)
    _exist(parser, options.source)
    options.archive.touch()


def xcrun(arguments: list[str]) -> None:
    """notarytool(1) and stapler(1)."""
    parser = argparse.ArgumentParser(prog="xcrun", allow_abbrev=False)
    tools = parser.add_subparsers(dest="tool", required=True)
    submit = tools.add_parser("notarytool").add_subparsers(dest="verb", required=True)
    sent = submit.add_parser("submit")
    sent.add_argument("file", type=Path)
    sent.add_argument("--keychain-profile", required=True)
    sent.add_argument("--wait", action="store_true")
    staple = tools.add_parser("stapler").add_subparsers(dest="verb", required=True)
    staple.add_parser("staple").add_argument("file", type=Path)
    options = parser.parse_args(arguments)
    _exist(parser, options.file)
    if options.verb == "submit" and options.file.suffix not in (".zip", ".dmg", ".pkg"):
        parser.error("a zip archive, disk image or flat installer package is notarized")
    if options.verb == "staple" and options.file.suffix == ".zip":
        parser.error("a ticket cannot be attached to a zip archive")


def _exist(parser: argparse.ArgumentParser, *paths: Path) -> None:
    for path in paths:
        if not path.exists():
            parser.error(f"{path}: No such file or directory")


if __name__ == "__main__":
    tool, *given = sys.argv[1:]
    with open(os.environ["APPLE_TOOLS_LOG"], "a", encoding="utf-8") as log:
        log.write(json.dumps([tool, *given]) + "\n")
    {"codesign": codesign, "ditto": ditto, "xcrun": xcrun}[tool](given)
