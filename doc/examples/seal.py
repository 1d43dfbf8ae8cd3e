#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Seal a file in the first ledger of the first card, with PyKCS11. usage: seal.py MODULE PIN FILE SEALED"""

import os
import struct
import sys
import time

import PyKCS11

CKM_INTAGLIO_SEAL = CKK_INTAGLIO_LEDGER = 0xC94E5401


def take_nonce(path):
    """Sealed again with the same nonce, after whatever went wrong, a record is stored once."""
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "rb+") as file:
        nonce = file.read(16)
        if len(nonce) < 16:
            nonce = struct.pack(">Q", int(time.time() * 1000)) + os.urandom(8)
            file.seek(0)
            file.write(nonce)
            file.flush()
            os.fsync(file.fileno())
    return nonce


module, pin, source, sealed = sys.argv[1:]
with open(source, "rb") as file:
    record = file.read()
# Before sealing, so that nothing is sealed whose receipt has no place.
output = open(os.open(sealed, os.O_WRONLY | os.O_CREAT, 0o666), "wb")
nonce = take_nonce(sealed + ".nonce")
p11 = PyKCS11.PyKCS11Lib()
p11.load(module)
session = p11.openSession(p11.getSlotList(tokenPresent=True)[0],
                          PyKCS11.CKF_SERIAL_SESSION | PyKCS11.CKF_RW_SESSION)
session.login(pin)
ledger = session.findObjects([(PyKCS11.CKA_KEY_TYPE, CKK_INTAGLIO_LEDGER)])[0]
# CK_INTAGLIO_SEAL_PARAMS of intaglio.h: nonce, type, time, index.
parameter = struct.pack("@16sLQL", nonce, 1, int.from_bytes(nonce[:8], "big"), 0)
answer = session.encrypt(ledger, record, PyKCS11.Mechanism(CKM_INTAGLIO_SEAL, parameter))
with output:
    output.write(bytes(answer))
    output.truncate()
    output.flush()
    os.fsync(output.fileno())
session.logout()
session.closeSession()
