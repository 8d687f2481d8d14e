"""Put a certificate onto a token of SoftHSM2: `write_certificate.py MODULE TOKEN LABEL FILE PIN ID`."""

import os
import sys
from pathlib import Path

import pkcs11
from pkcs11.attributes import AttributeMapper

module, token, label, path, pin, identity = sys.argv[1:]
mapper = AttributeMapper()
mapper.register_handler(pkcs11.Attribute.LABEL, os.fsencode, bytes)  # whatever bytes a test wants there
with pkcs11.lib(module).get_token(token_label=token).open(rw=True, user_pin=pin, attribute_mapper=mapper) as session:
    session.create_object(
        {
            pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE,
            pkcs11.Attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
            pkcs11.Attribute.TOKEN: True,
            pkcs11.Attribute.LABEL: label,
            pkcs11.Attribute.ID: bytes.fromhex(identity),
            pkcs11.Attribute.SUBJECT: b"",
            pkcs11.Attribute.VALUE: Path(path).read_bytes(),
        }
    )
