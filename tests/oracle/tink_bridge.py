"""Google's own Tink library, given a column's keyset as the last section of docs/format-keys.md describes it."""

import json

from google.protobuf.message import DecodeError
from tink import TinkError, aead, daead, json_proto_keyset_format, secret_key_access
from tink.proto import aes_gcm_pb2, aes_siv_pb2, x_aes_gcm_pb2, xchacha20_poly1305_pb2

from fieldseal_format import FormatError, suite_named, to_base64

aead.register()
daead.register()

# Tink's message classes put the fields in their places, so a wrong guess of ours can't hide.
KEY_MESSAGES = {
    "xaes-256-gcm": lambda key: x_aes_gcm_pb2.XAesGcmKey(
        version=0, params=x_aes_gcm_pb2.XAesGcmParams(salt_size=12), key_value=key
    ),
    "xchacha20-poly1305": lambda key: xchacha20_poly1305_pb2.XChaCha20Poly1305Key(version=0, key_value=key),
    "aes-256-gcm": lambda key: aes_gcm_pb2.AesGcmKey(version=0, key_value=key),
    "aes-256-siv": lambda key: aes_siv_pb2.AesSivKey(version=0, key_value=key),
}


def keyset(suite, primary, keys):
    """The text of a cleartext JSON keyset; `keys` are the keys by id."""
    return json.dumps({"primaryKeyId": primary, "key": [_key(suite, i, key) for i, key in keys.items()]})


def _key(suite, key_id, key):
    message = KEY_MESSAGES[suite](key)
    return {
        "keyData": {
            "typeUrl": "type.googleapis.com/" + message.DESCRIPTOR.full_name,
            "value": to_base64(message.SerializeToString()),
            "keyMaterialType": "SYMMETRIC",
        },
        "status": "ENABLED",
        "keyId": key_id,
        "outputPrefixType": "TINK",
    }


def keyset_of_kek_file(kek):
    """The AEAD of a local KEK, as the section on keysets describes it."""
    return keyset("aes-256-gcm", kek.primary, {version: kek.tink_key(version) for version in kek.keks})


def _handle(keyset_text, kek_text):
    if kek_text is None:
        return json_proto_keyset_format.parse(keyset_text, secret_key_access.TOKEN)
    return json_proto_keyset_format.parse_encrypted(keyset_text, _handle(kek_text, None).primitive(aead.Aead), b"")


def _primitive(keyset_text, suite, kek_text=None):
    suite_named(suite)
    kind = daead.DeterministicAead if suite == "aes-256-siv" else aead.Aead
    try:
        return _handle(keyset_text, kek_text).primitive(kind)
    except (TinkError, DecodeError, ValueError) as e:
        raise FormatError("malformed", f"Tink refuses the keyset: {e}") from None


def seal(keyset_text, suite, aad, plaintext):
    primitive = _primitive(keyset_text, suite)
    if suite == "aes-256-siv":
        return primitive.encrypt_deterministically(plaintext, aad)
    return primitive.encrypt(plaintext, aad)


def open_sealed(keyset_text, suite, aad, sealed, kek_text=None):
    """The keyset is cleartext, or encrypted under the keyset `kek_text` without associated data."""
    primitive = _primitive(keyset_text, suite, kek_text)
    try:
        if suite == "aes-256-siv":
            return primitive.decrypt_deterministically(sealed, aad)
        return primitive.decrypt(sealed, aad)
    except TinkError as e:
        # Tink gives one error for everything, an unknown key id included.
        raise FormatError("rejected", f"Tink: {e}") from None
