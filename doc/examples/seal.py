#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Seal a file in the first ledger of the first card, with PyKCS11. usage: seal.py MODULE PIN FILE SEALED"""

import os
import struct
import sys
import time

import PyKCS11

CKM_INTAGLIO_SEAL = CKK_INTAGLIO_LEDGER = 0xC94E5401

module, pin, source, sealed = sys.argv[1:]
p11 = PyKCS11.PyKCS11Lib()
p11.load(module)
session = p11.openSession(p11.getSlotList(tokenPresent=True)[0],
                          PyKCS11.CKF_SERIAL_SESSION | PyKCS11.CKF_RW_SESSION)
session.login(pin)
ledger = session.findObjects([(PyKCS11.CKA_KEY_TYPE, CKK_INTAGLIO_LEDGER)])[0]
now = int(time.time() * 1000)
# Keep the nonce: sealed again with it after a crash, a record is not stored twice.
nonce = struct.pack(">Q", now) + os.urandom(8)
# CK_INTAGLIO_SEAL_PARAMS of intaglio.h: nonce, type, time, index.
parameter = struct.pack("@16sLQL", nonce, 1, now, 0)
with open(source, "rb") as file:
    record = file.read()
answer = session.encrypt(ledger, record, PyKCS11.Mechanism(CKM_INTAGLIO_SEAL, parameter))
with open(sealed, "wb") as file:
    file.write(bytes(answer))
session.logout()
session.closeSession()
