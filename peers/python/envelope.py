"""Envelopes under securesystemslib: verifies ours, and makes one for us to verify.

usage: envelope.py verify OURS | make THEIRS

Each check prints one line, "ok NAME" or "FAIL NAME: reason".
"""

import json
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey

PAYLOAD_TYPE = "application/vnd.comity.statement+json"
failures = 0


def check(name, problem=None):
    global failures
    if problem is None:
        print(f"ok python: {name}")
    else:
        failures += 1
        print(f"FAIL python: {name}: {problem}")


def verifies(envelope, key):
    try:
        envelope.verify([key], 1)
        return True
    except VerificationError:
        return False


def verify_ours(ours):
    data = json.loads((ours / "envelope.json").read_bytes())
    key_id = data["signatures"][0]["keyid"]
    public = (ours / "envelope.pub").read_text().strip()
    key = SSlibKey(key_id, "ed25519", "ed25519", {"public": public})
    envelope = Envelope.from_dict(json.loads(json.dumps(data)))
    check("our envelope is read", None if envelope.payload_type == PAYLOAD_TYPE else "type")
    check("our envelope verifies", None if verifies(envelope, key) else "refused")
    check("its payload is JSON", None if json.loads(envelope.payload)["comity"] == 1 else "payload")
    envelope.payload = envelope.payload.replace(b"channel.message", b"channel.massage")
    check("an altered payload is refused", "accepted" if verifies(envelope, key) else None)


def make_theirs(theirs):
    theirs.mkdir(parents=True, exist_ok=True)
    private = Ed25519PrivateKey.generate()
    signer = CryptoSigner(private)
    # Canonical JSON is ours to want; what is signed are bytes, and any bytes will do here.
    payload = '{"comity":1,"text":"signed elsewhere – 他の場所で"}'.encode()
    envelope = Envelope(payload, PAYLOAD_TYPE, {})
    envelope.sign(signer)
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    canonical = json.dumps(
        envelope.to_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    (theirs / "envelope.json").write_text(canonical)
    (theirs / "envelope.pub").write_text(public.hex())
    (theirs / "payload.txt").write_bytes(payload)


if len(sys.argv) == 3 and sys.argv[1] == "verify":
    verify_ours(Path(sys.argv[2]))
elif len(sys.argv) == 3 and sys.argv[1] == "make":
    make_theirs(Path(sys.argv[2]))
else:
    sys.exit(__doc__)
sys.exit(1 if failures else 0)
