#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Sign a file with a new SM2 key of the first card. usage: sm2.py MODULE PIN FILE SIGNATURE PUBLIC

The signature and the public key are written as openssl reads them:
openssl dgst -sm3 -verify PUBLIC -sigopt distid:1234567812345678 -signature SIGNATURE FILE
"""

import base64
import sys

import PyKCS11

# intaglio.h
CKM_INTAGLIO_SM2_KEY_PAIR_GEN = 0xC94E5430
CKM_INTAGLIO_SM2_SM3 = 0xC94E5432


def der(tag, content):
    """One value of less than 128 bytes."""
    return bytes([tag, len(content)]) + content


def integer(value):
    return der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


module, pin, source, signature, public = sys.argv[1:]
p11 = PyKCS11.PyKCS11Lib()
p11.load(module)
session = p11.openSession(p11.getSlotList(tokenPresent=True)[0],
                          PyKCS11.CKF_SERIAL_SESSION | PyKCS11.CKF_RW_SESSION)
session.login(pin)
key, private = session.generateKeyPair(
    [(PyKCS11.CKA_TOKEN, True), (PyKCS11.CKA_VERIFY, True), (PyKCS11.CKA_LABEL, "invoices"),
     (PyKCS11.CKA_ID, (0x05,))],
    [(PyKCS11.CKA_TOKEN, True), (PyKCS11.CKA_SIGN, True), (PyKCS11.CKA_LABEL, "invoices"),
     (PyKCS11.CKA_ID, (0x05,))],
    PyKCS11.Mechanism(CKM_INTAGLIO_SM2_KEY_PAIR_GEN))
with open(source, "rb") as file:
    data = file.read()
# A second argument of Mechanism would be the signer's identifier, as bytes.
answer = bytes(session.sign(private, data, PyKCS11.Mechanism(CKM_INTAGLIO_SM2_SM3)))
r, s = (int.from_bytes(answer[i:i + 32], "big") for i in (0, 32))
with open(signature, "wb") as file:
    file.write(der(0x30, integer(r) + integer(s)))
params, point = session.getAttributeValue(key, [PyKCS11.CKA_EC_PARAMS, PyKCS11.CKA_EC_POINT])
# SubjectPublicKeyInfo: id-ecPublicKey with the curve; the point is in an OCTET STRING.
algorithm = der(0x30, bytes.fromhex("06072A8648CE3D0201") + bytes(params))
spki = der(0x30, algorithm + der(0x03, b"\0" + bytes(point)[2:]))
with open(public, "w") as file:
    file.write("-----BEGIN PUBLIC KEY-----\n" + base64.encodebytes(spki).decode() +
               "-----END PUBLIC KEY-----\n")
session.logout()
session.closeSession()
