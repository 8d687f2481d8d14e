"""Put an SM2 key (32 bytes) onto a token of SoftHSM2 as `faulty_token.c` knows it: `write_sm2_key.py MODULE TOKEN LABEL FILE PIN ID`.

SoftHSM2 has no SM2: the number is stored as that of a key on another curve, and may be read.
"""

import sys
from pathlib import Path

import pkcs11

module, token, label, path, pin, identity = sys.argv[1:]
with pkcs11.lib(module).get_token(token_label=token).open(rw=True, user_pin=pin) as session:
    session.create_object(
        {
            pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY,
            pkcs11.Attribute.KEY_TYPE: pkcs11.KeyType.EC,
            pkcs11.Attribute.EC_PARAMS: bytes.fromhex("06082a8648ce3d030107"),  # P-256
            pkcs11.Attribute.VALUE: Path(path).read_bytes(),
            pkcs11.Attribute.TOKEN: True,
            pkcs11.Attribute.PRIVATE: True,
            pkcs11.Attribute.SENSITIVE: False,
            pkcs11.Attribute.EXTRACTABLE: True,
            pkcs11.Attribute.SIGN: True,
            pkcs11.Attribute.LABEL: label,
            pkcs11.Attribute.ID: bytes.fromhex(identity),
        }
    )
