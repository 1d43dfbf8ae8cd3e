#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A Java Card package of nothing, for tests of how packages are loaded. usage: make_cap.py FILE [SIZE]

FILE ending in .ijc: a plain load file; else a CAP file. Its one applet has a method component of SIZE bytes."""

import struct
import sys
import zipfile

PACKAGE = bytes.fromhex("F00102030405")
MODULE = bytes.fromhex("F0010203040501")
FRAMEWORK = bytes.fromhex("A0000000620101")


def components(size):
    yield "Header", 1, bytes.fromhex("DECAFFED 01 02 04 00 01") + bytes([len(PACKAGE)]) + PACKAGE
    yield "Directory", 2, b"\0"
    yield "Import", 4, bytes([1, 6, 1, len(FRAMEWORK)]) + FRAMEWORK
    yield "Applet", 3, bytes([1, len(MODULE)]) + MODULE + b"\0\0"
    yield "Class", 6, b"\0"
    yield "Method", 7, bytes(n * 7 & 0xFF for n in range(size))
    yield "StaticField", 8, b"\0"
    yield "ConstantPool", 5, b"\0"
    yield "RefLocation", 9, b"\0"
    yield "Debug", 12, b"of no use on a card"


def main(path, size="1000"):
    made = [(name, struct.pack(">BH", tag, len(body)) + body)
            for name, tag, body in components(int(size))]
    if path.endswith(".ijc"):
        with open(path, "wb") as file:
            file.write(b"".join(body for name, body in made if name != "Debug"))
        return
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")
        # In no order that a card would take.
        for name, body in sorted(made):
            archive.writestr(f"org/example/nothing/javacard/{name}.cap", body)


main(*sys.argv[1:])
