"""Put an RSA key that wants the PIN before each signature onto a token: `write_guarded_key.py MODULE TOKEN LABEL FILE PIN ID`."""

import sys
from pathlib import Path

import pkcs11
from pkcs11.util.rsa import decode_rsa_private_key

module, token, label, path, pin, identity = sys.argv[1:]
with pkcs11.lib(module).get_token(token_label=token).open(rw=True, user_pin=pin) as session:
    session.create_object(
        {
            **decode_rsa_private_key(Path(path).read_bytes()),  # DER, PKCS#1
            pkcs11.Attribute.TOKEN: True,
            pkcs11.Attribute.PRIVATE: True,
            pkcs11.Attribute.SIGN: True,
            pkcs11.Attribute.ALWAYS_AUTHENTICATE: True,
            pkcs11.Attribute.LABEL: label,
            pkcs11.Attribute.ID: bytes.fromhex(identity),
        }
    )
