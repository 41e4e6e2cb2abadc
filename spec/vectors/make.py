#!/usr/bin/env python3
"""A second implementation of our formats, which wrote the vectors beside it.

Standard library only, and as close to the specifications as it can be: RFC 8032 for Ed25519,
RFC 6962 for trees, RFC 8785 for JSON, c2sp.org for notes, checkpoints, cosignatures, tiles, proofs.
It is slow, handles secret keys carelessly and is for making vectors only.

    python3 spec/vectors/make.py [--check]

writes the files, or with --check says which would change. Vectors of a released format are never
changed, only added to. cosignature/ml-dsa-44.json is not made here (see README.md).
"""
import base64
import hashlib
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
FILES = {}


def sha256(data):
    return hashlib.sha256(data).digest()


def b64(data):
    return base64.b64encode(data).decode()


# ── Ed25519 (RFC 8032, 5.1 and 6) ────────────────────────────────────────────────────────────────
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def recover_x(y, sign):
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if x2 == 0:
        return 0
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P != 0:
        x = x * pow(2, (P - 1) // 4, P) % P
    return P - x if x % 2 != sign else x


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = (recover_x(BASE_Y, 0), BASE_Y)


def add(a, b):
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2 % P
    x3 = (x1 * y2 + x2 * y1) * pow(1 + t, P - 2, P) % P
    y3 = (y1 * y2 + x1 * x2) * pow(1 - t, P - 2, P) % P
    return x3, y3


def multiply(scalar, point):
    result = (0, 1)
    while scalar > 0:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def encode_point(point):
    return (point[1] | ((point[0] & 1) << 255)).to_bytes(32, 'little')


def expand(seed):
    h = hashlib.sha512(seed).digest()
    a = int.from_bytes(h[:32], 'little')
    a = (a & ((1 << 254) - 8)) | (1 << 254)
    return a, h[32:]


PUBLIC = {}


def ed25519_public(seed):
    if seed not in PUBLIC:
        PUBLIC[seed] = encode_point(multiply(expand(seed)[0], BASE))
    return PUBLIC[seed]


def ed25519_sign(seed, message):
    a, prefix = expand(seed)
    public = ed25519_public(seed)
    r = int.from_bytes(hashlib.sha512(prefix + message).digest(), 'little') % L
    big_r = encode_point(multiply(r, BASE))
    k = int.from_bytes(hashlib.sha512(big_r + public + message).digest(), 'little') % L
    return big_r + ((r + k * a) % L).to_bytes(32, 'little')


# ── Notes, checkpoints, cosignatures (c2sp.org) ──────────────────────────────────────────────────
def note_key_id(name, kind, public):
    return sha256(name.encode() + b'\n' + bytes([kind]) + public)[:4]


def vkey(name, kind, public):
    return '%s+%s+%s' % (name, note_key_id(name, kind, public).hex(), b64(bytes([kind]) + public))


def line(name, key_id, blob):
    return '\u2014 %s %s\n' % (name, b64(key_id + blob))


class Signer:
    def __init__(self, name, kind, byte):
        self.name, self.kind, self.seed = name, kind, bytes([byte]) * 32
        self.public = ed25519_public(self.seed)
        self.id = note_key_id(name, kind, self.public)
        self.vkey = vkey(name, kind, self.public)

    def sign(self, text):
        return line(self.name, self.id, ed25519_sign(self.seed, text.encode()))

    def cosign(self, text, time):
        message = ('cosignature/v1\ntime %d\n%s' % (time, text)).encode()
        return line(self.name, self.id, time.to_bytes(8, 'big') + ed25519_sign(self.seed, message))


def checkpoint(origin, size, root):
    return '%s\n%d\n%s\n' % (origin, size, b64(root))


# ── Trees (RFC 6962, 2.1) ────────────────────────────────────────────────────────────────────────
def leaf_hash(entry):
    return sha256(b'\0' + entry)


def node_hash(left, right):
    return sha256(b'\1' + left + right)


def split(n):
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def mth(entries):
    if not entries:
        return sha256(b'')
    if len(entries) == 1:
        return leaf_hash(entries[0])
    k = split(len(entries))
    return node_hash(mth(entries[:k]), mth(entries[k:]))


def path(m, entries):
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if m < k:
        return path(m, entries[:k]) + [mth(entries[k:])]
    return path(m - k, entries[k:]) + [mth(entries[:k])]


def subproof(m, entries, whole):
    if m == len(entries):
        return [] if whole else [mth(entries)]
    k = split(len(entries))
    if m <= k:
        return subproof(m, entries[:k], whole) + [mth(entries[k:])]
    return subproof(m - k, entries[k:], False) + [mth(entries[:k])]


def consistency(m, entries):
    return [] if m == 0 else subproof(m, entries, True)


# ── Canonical JSON (RFC 8785, without fractions) ─────────────────────────────────────────────────
def jcs(value):
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode('utf-16-be'))
        return '{%s}' % ','.join('%s:%s' % (jcs(name), jcs(value[name])) for name in names)
    if isinstance(value, list):
        return '[%s]' % ','.join(jcs(item) for item in value)
    return json.dumps(value, ensure_ascii=False)


# ── The vectors ──────────────────────────────────────────────────────────────────────────────────
LOG = Signer('log.example/a', 1, 1)
OTHER_LOG = Signer('log.example/b', 1, 5)
WITNESS = Signer('witness.example/w', 4, 2)
WITNESSES = [Signer('w%d.example' % n, 4, 16 + n) for n in range(1, 6)]
ENTRIES = [bytes.fromhex(h) for h in ('', '00', '10', '2021', '3031', '40414243',
                                      '5051525354555657', '606162636465666768696a6b6c6d6e6f')]
RECORDS = [('record %d' % n).encode() for n in range(300)]
TIME = 1700000000


def case(comment, **fields):
    return {'comment': comment, **fields}


def flip(data, bit=0):
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << (bit % 8)
    return bytes(changed)


def make_keyid():
    types = [('ed25519', 1, 32), ('webauthn-es256', 2, 33), ('webauthn-eddsa', 3, 32), ('ml-dsa-44', 4, 1312)]
    cases = []
    for name, byte, length in types:
        key = bytes([2 if length == 33 else 7]) + bytes((n * 7) % 256 for n in range(1, length))
        cases.append(case('%s: SHA-256(%02x ‖ raw key)' % (name, byte), type=name, key=key.hex(),
                          expected=sha256(bytes([byte]) + key).hex()))
    same = ed25519_public(bytes([1]) * 32)
    cases.append(case('the same raw key as ed25519', type='ed25519', key=same.hex(),
                      expected=sha256(b'\1' + same).hex()))
    cases.append(case('… and as webauthn-eddsa is another key id', type='webauthn-eddsa', key=same.hex(),
                      expected=sha256(b'\3' + same).hex()))
    FILES['keyid/keyid.json'] = cases


def make_entry():
    cases = []
    identifier = sha256(b'a statement')
    digest = sha256(b'a signature list')
    for role, byte in (('said', 1), ('held', 2), ('attachment', 3), ('deposit', 4)):
        entry = sha256(b'comity/entry/v1\n' + bytes([byte]) + identifier + digest)
        cases.append(case('%s: SHA-256("comity/entry/v1\\n" ‖ %02x ‖ id ‖ list digest)' % (role, byte), role=role,
                          id=identifier.hex(), listDigest=digest.hex(), expected=entry.hex(),
                          leafHash=leaf_hash(entry).hex()))
    zero = bytes(32)
    entry = sha256(b'comity/entry/v1\n' + b'\1' + zero + zero)
    cases.append(case('raw bytes, not their hex: all zero', role='said', id=zero.hex(), listDigest=zero.hex(),
                      expected=entry.hex(), leafHash=leaf_hash(entry).hex()))
    FILES['entry/entry.json'] = cases


def make_canonical_json():
    valid = [
        ('null', None), ('a boolean', True), ('zero', 0), ('2^53 − 1', 2**53 - 1), ('−(2^53 − 1)', -(2**53 - 1)),
        ('an empty string', ''), ('escapes that have a short form, as far as they may be signed', '"\\\n'),
        ('a solidus is not escaped', '/'), ('a letter with an accent, composed', 'événement'),
        ('characters outside the basic plane are not escaped', '👩‍🚀'), ('right-to-left text', 'حادث'),
        ('new in Unicode 16.0', '\U000105c9'), ('U+2028 is not escaped', '\u2028'),
        ('nothing', {}), ('an empty array', []), ('members by name', {'b': 1, 'a': [2, {'d': 3, 'c': None}]}),
        ('names that are numbers are sorted as text', {'10': 1, '9': 2, '1': 3}),
        ('names sorted by UTF-16 code units: U+1F600 before U+FB01', {'ﬁ': 1, '😀': 2, '€': 3, 'ö': 4, '1': 5}),
        ('__proto__ is a name like others', {'__proto__': {'x': 1}}), ('an empty name', {'': 0}),
        ('64 levels', None),
    ]
    cases = []
    for comment, value in valid:
        if comment == '64 levels':
            value = []
            for _ in range(63):
                value = [value]
        cases.append(case(comment, text=jcs(value), expected=value))
    FILES['canonical-json/valid.json'] = cases
    invalid = [
        ('white space after a colon', '{"a": 1}'), ('white space around', ' {}'), ('a final line feed', '{}\n'),
        ('a byte order mark', '\ufeff{}'), ('names out of order', '{"b":1,"a":2}'),
        ('names sorted as numbers', '{"9":2,"10":1}'), ('names sorted by code points', '{"ﬁ":1,"😀":2}'),
        ('a duplicate name', '{"a":1,"a":1}'), ('a fraction', '1.5'), ('a whole number with a point', '1.0'),
        ('an exponent', '1e2'), ('minus zero', '-0'), ('a leading zero', '01'), ('a plus sign', '+1'),
        ('2^53', '9007199254740992'), ('−2^53', '-9007199254740992'), ('10^400', '1' + '0' * 400),
        ('an escape of a letter', '"\\u0061"'), ('an escaped solidus', '"\\/"'),
        ('a long escape where there is a short one', '"\\u000a"'), ('an upper-case escape', '"\\u000B"'),
        ('a surrogate pair in escapes', '"\\ud83d\\ude00"'), ('a lone surrogate in an escape', '"\\ud800"'),
        ('a lone surrogate in a name', '{"\\udc00":1}'), ('NUL', '"\\u0000"'), ('a tab', '"\\t"'),
        ('a carriage return', '"\\r"'), ('a backspace in a name', '{"\\b":1}'), ('DEL', '"\x7f"'),
        ('a C1 control', '"\x85"'), ('a right-to-left override', '"\u202e"'), ('an isolate', '"\u2066"'),
        ('a decomposed letter', '"e\u0301"'), ('a decomposed letter in a name', '{"e\u0301":1}'),
        ('an angstrom sign', '"\u212b"'), ('decomposed Todhri, which Unicode 16.0 composes', '"\U000105d2\u0307"'),
        ('a noncharacter', '"\uffff"'), ('unassigned in Unicode 16.0', '"\u0378"'),
        ('assigned only in Unicode 17.0', '"\U00011db0"'), ('a raw line feed in a string', '"\n"'),
        ('single quotes', "'a'"), ('a comma too many', '[1,]'), ('two values', '1 2'), ('a comment', '1/**/'),
        ('NaN', 'NaN'), ('undefined', 'undefined'), ('nothing', ''), ('65 levels', '[' * 65 + ']' * 65),
        ('cut', '{"a":1'),
    ]
    cases = [case(comment, text=text, code='bad-text') for comment, text in invalid]
    for comment, data in (('a byte that is no UTF-8', b'"\xff"'), ('an overlong form', b'"\xc0\x80"'),
                          ('a surrogate in UTF-8', b'"\xed\xa0\x80"'), ('a cut character', b'"\xe2\x82"')):
        cases.append(case(comment, hex=data.hex(), code='bad-text'))
    cases.append(case('one byte more than allowed', text='"abcd"', bytesMax=5, code='too-large'))
    FILES['canonical-json/invalid.json'] = cases


def make_note():
    text = 'This is an example message.\n'
    spec_vkey = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'
    spec_note = (text + '\n\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYj'
                 'OBH3mFXmRKuwHjG1Yu72IneyaQM=\n')
    note = text + '\n' + LOG.sign(text)
    both = note + OTHER_LOG.sign(text)
    false_line = line(LOG.name, LOG.id, bytes(64))
    grease = line(LOG.name, b'\0\0\0\1', bytes(64)) + line('grease.invalid', LOG.id, bytes(7))
    paragraphs = 'one\n\ntwo\n\n\nthree\n'

    def valid(comment, note, vkeys, text, by):
        return case(comment, note=note, vkeys=vkeys, expected={'text': text, 'signedBy': by})

    cases = [
        valid('the example of c2sp.org/signed-note', spec_note, [spec_vkey], text, [spec_vkey]),
        valid('one signature', note, [LOG.vkey], text, [LOG.vkey]),
        valid('two signatures', both, [LOG.vkey, OTHER_LOG.vkey], text, [LOG.vkey, OTHER_LOG.vkey]),
        valid('the second is by nobody known', both, [LOG.vkey], text, [LOG.vkey]),
        valid('unknown lines under a known name and under a known id', note + grease, [LOG.vkey], text, [LOG.vkey]),
        valid('the text ends at the last empty line', paragraphs + '\n' + LOG.sign(paragraphs), [LOG.vkey],
              paragraphs, [LOG.vkey]),
        valid('100 signature lines', text + '\n' + LOG.sign(text) * 100, [LOG.vkey], text, [LOG.vkey]),
    ]
    FILES['note/valid.json'] = cases
    bad = [
        ('no key is known', note, [OTHER_LOG.vkey], 'unknown-signer'),
        ('a key of the same name but another id', note, [vkey(LOG.name, 1, OTHER_LOG.public)], 'unknown-signer'),
        ('another text', note.replace('example message', 'exemple message'), [LOG.vkey], 'bad-signature'),
        ('a false second line of a known key', note + false_line, [LOG.vkey], 'bad-signature'),
        ('a cosigning key does not sign notes', text + '\n' + line(WITNESS.name, WITNESS.id, ed25519_sign(
            WITNESS.seed, text.encode())), [WITNESS.vkey], 'bad-signature'),
        ('no empty line', text + LOG.sign(text), [LOG.vkey], 'bad-note'),
        ('no signature line', text + '\n', [LOG.vkey], 'bad-note'),
        ('no final line feed', note[:-1], [LOG.vkey], 'bad-note'),
        ('a carriage return', note.replace('message.', 'message.\r'), [LOG.vkey], 'bad-note'),
        ('a tab', note.replace('an example', 'an\texample'), [LOG.vkey], 'bad-note'),
        ('a hyphen for the dash', note.replace('\u2014', '-'), [LOG.vkey], 'bad-note'),
        ('two spaces', note.replace('\u2014 ', '\u2014  '), [LOG.vkey], 'bad-note'),
        ('a name with a plus', note.replace('\u2014 log', '\u2014 l+g'), [LOG.vkey], 'bad-note'),
        ('a name with a no-break space', note.replace('\u2014 log', '\u2014 l\u00a0g'), [LOG.vkey], 'bad-note'),
        ('base64 without padding', note.replace('=\n', '\n'), [LOG.vkey], 'bad-note'),
        ('base64 with stray bits', spec_note.replace('aQM=', 'aQN='), [spec_vkey], 'bad-note'),
        ('a blob of four bytes', text + '\n\u2014 a AAAAAA==\n', [LOG.vkey], 'bad-note'),
        ('101 signature lines', text + '\n' + LOG.sign(text) * 101, [LOG.vkey], 'bad-note'),
        ('nothing', '', [LOG.vkey], 'bad-note'),
    ]
    FILES['note/invalid.json'] = [case(c, note=n, vkeys=v, code=code) for c, n, v, code in bad]
    FILES['note/signing.json'] = [
        case('deterministic', name=LOG.name, seed=LOG.seed.hex(), text=text,
             expected={'vkey': LOG.vkey, 'line': LOG.sign(text)}),
        case('a checkpoint', name=LOG.name, seed=LOG.seed.hex(), text=checkpoint(LOG.name, 8, mth(ENTRIES)),
             expected={'vkey': LOG.vkey, 'line': LOG.sign(checkpoint(LOG.name, 8, mth(ENTRIES)))}),
    ]
    small = bytes([1]) + bytes(31)
    not_canonical = (P + 3).to_bytes(32, 'little')
    one = LOG.vkey
    quantum = vkey('log.example/q', 6, bytes(n % 251 for n in range(1312)))
    good = [(spec_vkey, 'example.com/foo', 1), (LOG.vkey, LOG.name, 1), (WITNESS.vkey, WITNESS.name, 4),
            (quantum, 'log.example/q', 6)]
    cases = [case('%s, type %d' % (name, kind), vkey=v, expected={'name': name, 'type': kind, 'id': v.split('+')[1],
                  'publicKey': base64.b64decode(v.split('+', 2)[2])[1:].hex()}) for v, name, kind in good]
    for comment, text_of in [
        ('an id that is not the key’s', one.replace(LOG.id.hex(), '00000000')),
        ('an id in upper case', spec_vkey.replace('530d903a', '530D903A')),
        ('seven digits', spec_vkey.replace('530d903a', '530d903')), ('no name', one[len(LOG.name):]),
        ('a space in the name', vkey('log example', 1, LOG.public)), ('base64 without padding', quantum.rstrip('=')),
        ('white space after', one + ' '), ('a line feed after', one + '\n'), ('two parts', one.rsplit('+', 1)[0]),
        ('type 2', vkey('log.example/a', 2, LOG.public)), ('type 255', vkey('log.example/a', 255, LOG.public)),
        ('31 bytes', vkey('log.example/a', 1, LOG.public[:31])), ('33 bytes', vkey('log.example/a', 1, LOG.public + b'\0')),
        ('ML-DSA-44 of 1311 bytes', vkey('log.example/a', 6, bytes(1311))), ('a key of small order', vkey(
            'log.example/a', 1, small)), ('a key that is not canonical', vkey('log.example/a', 1, not_canonical)),
        ('a name of 256 bytes', vkey('x' * 256, 1, LOG.public)), ('nothing', ''),
    ]:
        cases.append(case(comment, vkey=text_of, code='bad-vkey'))
    FILES['note/vkey.json'] = cases


def make_checkpoint():
    root = mth(RECORDS)
    text = checkpoint(LOG.name, 300, root)

    def good(comment, origin, size, root):
        return case(comment, text=checkpoint(origin, size, root),
                    expected={'origin': origin, 'size': size, 'root': root.hex()})

    cases = [good('300 entries', LOG.name, 300, root), good('an empty tree', LOG.name, 0, sha256(b'')),
             good('2^53 − 1 entries', LOG.name, 2**53 - 1, root), good('an origin of 255 bytes', 'x' * 255, 1, root),
             good('an origin with spaces and a plus', 'go.sum database tree + more', 1, root)]
    for comment, body in [
        ('an extension line', text + 'more\n'), ('an empty line', text + '\n'), ('two lines', text.rsplit('\n', 2)[0] + '\n'),
        ('no final line feed', text[:-1]), ('no origin', text[len(LOG.name):]),
        ('an origin of 256 bytes', checkpoint('x' * 256, 1, root)),
        ('an origin of 256 bytes in 128 letters', checkpoint('é' * 128, 1, root)),
        ('a tab in the origin', checkpoint('log\texample', 1, root)), ('a leading zero', text.replace('300', '0300')),
        ('a sign', text.replace('300', '+300')), ('a negative size', text.replace('300', '-300')),
        ('an exponent', text.replace('300', '3e2')), ('other digits', text.replace('300', '٣٠٠')),
        ('2^53', checkpoint(LOG.name, 2**53, root)), ('31 bytes', checkpoint(LOG.name, 1, root[:31])),
        ('33 bytes', checkpoint(LOG.name, 1, root + b'\0')), ('stray bits in the root', text.replace('uU=', 'uV=')),
        ('no padding', text.replace('=', '')), ('a carriage return', text.replace('300\n', '300\r\n')),
        ('a space after the size', text.replace('300', '300 ')), ('nothing', ''),
    ]:
        assert body != text
        cases.append(case(comment, text=body, code='bad-checkpoint'))
    FILES['checkpoint/checkpoint.json'] = cases


def make_merkle():
    FILES['merkle/root.json'] = [
        case('%d entries' % n, entries=[e.hex() for e in ENTRIES[:n]], expected=mth(ENTRIES[:n]).hex())
        for n in range(9)]

    def inclusion(comment, index, size, expected=True, entry=None, proof=None, root=None):
        proof = path(index, ENTRIES[:size]) if proof is None else proof
        return case(comment, entry=(ENTRIES[index] if entry is None else entry).hex(), index=index, size=size,
                    proof=[h.hex() for h in proof], root=(mth(ENTRIES[:size]) if root is None else root).hex(),
                    expected=expected)

    cases = [inclusion('entry %d of %d' % (i, n), i, n) for n in (1, 2, 3, 5, 7, 8) for i in range(n)]
    p58, r8 = path(5, ENTRIES), mth(ENTRIES)
    cases += [
        inclusion('another entry', 5, 8, False, entry=ENTRIES[4]),
        inclusion('the hash of the entry for the entry', 5, 8, False, entry=leaf_hash(ENTRIES[5])),
        inclusion('a bit of the path flipped', 5, 8, False, proof=[p58[0], flip(p58[1]), p58[2]]),
        inclusion('a bit of the root flipped', 5, 8, False, root=flip(r8, 255)),
        inclusion('a hash too few', 5, 8, False, proof=p58[:2]),
        inclusion('a hash too many', 5, 8, False, proof=p58 + [r8]),
        inclusion('the path reversed', 5, 8, False, proof=p58[::-1]),
        inclusion('a hash of 31 bytes', 5, 8, False, proof=[p58[0][:31]] + p58[1:]),
        case('another index', entry=ENTRIES[5].hex(), index=4, size=8, proof=[h.hex() for h in p58], root=r8.hex(), expected=False),
        case('an index outside the tree', entry=ENTRIES[5].hex(), index=8, size=8, proof=[h.hex() for h in p58], root=r8.hex(), expected=False),
        case('a tree of another size', entry=ENTRIES[5].hex(), index=5, size=6, proof=[h.hex() for h in p58], root=r8.hex(), expected=False),
        case('an empty tree', entry='', index=0, size=0, proof=[], root=sha256(b'').hex(), expected=False),
        case('an inner node is no entry', entry=(leaf_hash(ENTRIES[0]) + leaf_hash(ENTRIES[1])).hex(), index=0, size=1,
             proof=[], root=mth(ENTRIES[:2]).hex(), expected=False),
    ]
    FILES['merkle/inclusion.json'] = cases

    def consistent(comment, m, n, expected=True, proof=None, old=None, new=None):
        proof = consistency(m, ENTRIES[:n]) if proof is None else proof
        return case(comment, sizes=[m, n], roots=[(mth(ENTRIES[:m]) if old is None else old).hex(),
                    (mth(ENTRIES[:n]) if new is None else new).hex()], proof=[h.hex() for h in proof], expected=expected)

    cases = [consistent('%d to %d' % (m, n), m, n) for n in (0, 1, 2, 3, 6, 7, 8) for m in range(n + 1)]
    p68 = consistency(6, ENTRIES)
    cases += [
        consistent('a bit of the path flipped', 6, 8, False, proof=[flip(p68[0]), p68[1], p68[2]]),
        consistent('the old root flipped', 6, 8, False, old=flip(mth(ENTRIES[:6]))),
        consistent('the new root flipped', 6, 8, False, new=flip(r8)),
        consistent('a hash too few', 6, 8, False, proof=p68[1:]),
        consistent('a hash too many', 6, 8, False, proof=p68 + [r8]),
        consistent('no hashes', 6, 8, False, proof=[]),
        consistent('one size, two roots: a fork', 8, 8, False, new=flip(r8)),
        consistent('one size and a hash', 8, 8, False, proof=[r8]),
        consistent('from nothing with another root', 0, 8, False, old=r8),
        consistent('from nothing with a hash', 0, 8, False, proof=[r8]),
        consistent('a tree that shrinks', 8, 6, False, proof=p68),
    ]
    FILES['merkle/consistency.json'] = cases


def make_tile():
    def good(p, level, index, width):
        return case(p, path=p, expected={'level': level, 'index': index, 'width': width})

    cases = [good('tile/0/000', 0, 0, 256), good('tile/0/005', 0, 5, 256), good('tile/1/999.p/17', 1, 999, 17),
             good('tile/0/x001/000', 0, 1000, 256), good('tile/0/x001/x234/067.p/8', 0, 1234067, 8),
             good('tile/63/x001/x000/x000/000.p/255', 63, 10**9, 255), good('tile/entries/273.p/112', 'entries', 273, 112)]
    for bad in ('tile/0', '/tile/0/000', 'tile/0/000/', 'tile/00/000', 'tile/64/000', 'tile/0/00', 'tile/0/0000', 'tile/0/5',
                'tile/0/x000/001', 'tile/0/001/000', 'tile/0/x001/x000', 'tile/0/X001/000', 'tile/0/000.p', 'tile/0/000.p/0',
                'tile/0/000.p/256', 'tile/0/000.p/08', 'tile/8/0/000', 'tile/data/000', 'tile/entries/000?x',
                'tile/0/x009/x007/x199/x254/x740/992'):
        cases.append(case(bad, path=bad, code='bad-tile-path'))
    FILES['tile/path.json'] = cases

    def tiles(old, new):
        found = []
        level = 0
        while new >> (8 * level) > 0:
            a, b = old >> (8 * level), new >> (8 * level)
            if b > a:
                for n in range(a // 256, (b + 255) // 256):
                    found.append({'level': level, 'index': n, 'width': min(256, b - 256 * n)})
            level += 1
        return found

    FILES['tile/for-size.json'] = [case('from %d to %d entries' % sizes, sizes=list(sizes), expected=tiles(*sizes)) for sizes in (
        (0, 0), (0, 1), (1, 2), (5, 5), (0, 255), (0, 256), (255, 256), (256, 257), (255, 258), (0, 1000), (511, 513), (65535, 65537),
        (69000, 70000))]
    full = [leaf_hash(e) for e in RECORDS]

    def node(level, index):
        size = 2**level
        return mth(RECORDS[index * size:(index + 1) * size])

    cases = []
    tile0, tile1 = b''.join(full[:256]), b''.join(full[256:])
    for level, index, tile, at in ((0, 255, tile0, 0), (7, 1, tile0, 0), (0, 256, tile1, 1), (0, 299, tile1, 1),
                                   (3, 36, tile1, 1), (5, 8, tile1, 1), (8, 0, node(8, 0), 0)):
        cases.append(case('node %d of level %d' % (index, level), node={'level': level, 'index': index},
                          tile={'level': level // 8, 'index': at}, hashes=tile.hex(), expected=node(level, index).hex()))
    FILES['tile/node.json'] = cases

    def bundle(entries):
        return b''.join(len(e).to_bytes(2, 'big') + e for e in entries)

    cases = [case('%d entries' % n, bundle=bundle(ENTRIES[:n]).hex(), expected=[e.hex() for e in ENTRIES[:n]]) for n in (1, 2, 8)]
    cases.append(case('an entry of 256 bytes', bundle=bundle([bytes(256)]).hex(), expected=[bytes(256).hex()]))
    whole = bundle(ENTRIES)
    for comment, data in (('no entries', b''), ('cut in a length', whole[:1]), ('cut in an entry', whole[:-1]), ('a byte left over', whole + b'\0'),
                          ('257 entries', bundle([b''] * 257))):
        cases.append(case(comment, bundle=data.hex(), code='bad-tile'))
    FILES['tile/entry-bundle.json'] = cases


def make_log_proof():
    root = mth(ENTRIES)
    text = checkpoint(LOG.name, 8, root)
    note = text + '\n' + LOG.sign(text)
    hashes = path(5, ENTRIES)

    def proof(index, hashes, note, header='c2sp.org/tlog-proof@v1\n'):
        return header + 'index %d\n' % index + ''.join(b64(h) + '\n' for h in hashes) + '\n' + note

    good = proof(5, hashes, note)
    expected = {'index': 5, 'origin': LOG.name, 'size': 8}
    single = checkpoint(LOG.name, 1, mth(ENTRIES[:1]))
    cases = [
        case('entry 5 of 8', proof=good, entry=ENTRIES[5].hex(), logKeys=[LOG.vkey], expected=expected),
        case('with a cosignature', proof=good + WITNESS.cosign(text, TIME), entry=ENTRIES[5].hex(), logKeys=[LOG.vkey], expected=expected),
        case('the only entry', proof=proof(0, [], single + '\n' + LOG.sign(single)), entry=ENTRIES[0].hex(), logKeys=[LOG.vkey],
             expected={'index': 0, 'origin': LOG.name, 'size': 1}),
    ]
    FILES['log-proof/valid.json'] = cases
    moved = checkpoint(OTHER_LOG.name, 8, root)
    bad = [
        ('another entry', good, ENTRIES[4], [LOG.vkey], 'bad-proof'),
        ('another index', proof(4, hashes, note), ENTRIES[5], [LOG.vkey], 'bad-proof'),
        ('a hash flipped', proof(5, [flip(hashes[0])] + hashes[1:], note), ENTRIES[5], [LOG.vkey], 'bad-proof'),
        ('a hash too few', proof(5, hashes[:2], note), ENTRIES[5], [LOG.vkey], 'bad-proof'),
        ('another key', good, ENTRIES[5], [OTHER_LOG.vkey], 'unknown-signer'),
        ('a false signature', good.replace(b64(root), b64(flip(root))), ENTRIES[5], [LOG.vkey], 'bad-signature'),
        ('signed by another log than it names', proof(5, hashes, moved + '\n' + LOG.sign(moved)), ENTRIES[5], [LOG.vkey], 'unknown-signer'),
        ('an extra line', good.replace('@v1\n', '@v1\nextra YQ==\n'), ENTRIES[5], [LOG.vkey], 'bad-proof'),
        ('another version', good.replace('@v1', '@v2'), ENTRIES[5], [LOG.vkey], 'bad-proof'),
        ('no header', good.split('\n', 1)[1], ENTRIES[5], [LOG.vkey], 'bad-proof'),
        ('a leading zero', good.replace('index 5', 'index 05'), ENTRIES[5], [LOG.vkey], 'bad-proof'),
        ('an index outside the tree', good.replace('index 5', 'index 8'), ENTRIES[5], [LOG.vkey], 'bad-proof'),
        ('a hash of 31 bytes', proof(5, [hashes[0][:31]] + hashes[1:], note), ENTRIES[5], [LOG.vkey], 'bad-proof'),
        ('65 hashes', proof(5, [hashes[0]] * 65, note), ENTRIES[5], [LOG.vkey], 'bad-proof'),
        ('no empty line', good.replace('\n\n', '\n', 1), ENTRIES[5], [LOG.vkey], 'bad-proof'),
        ('a checkpoint without signature', proof(5, hashes, text), ENTRIES[5], [LOG.vkey], 'bad-proof'),
        ('cut', good[:len(good) // 2], ENTRIES[5], [LOG.vkey], 'bad-proof'),
        ('nothing', '', ENTRIES[5], [LOG.vkey], 'bad-proof'),
    ]
    FILES['log-proof/invalid.json'] = [case(c, proof=p, entry=e.hex(), logKeys=k, code=code) for c, p, e, k, code in bad]


def make_cosignature():
    root = mth(RECORDS)
    text = checkpoint(LOG.name, 300, root)
    FILES['cosignature/signing.json'] = [
        case('time %d' % time, text=text, name=WITNESS.name, type=4, seed=WITNESS.seed.hex(), time=time,
             expected={'vkey': WITNESS.vkey, 'line': WITNESS.cosign(text, time)}) for time in (1, TIME, 2**53 - 1)]
    good = WITNESS.cosign(text, TIME)
    blob = base64.b64decode(good.split(' ')[2])[4:]
    other = Signer('witness.example/v', 4, 2)
    mirror = 'mirror.example.org+3fb148ef+BAAjjch9GyYz0sJsJx7ALhbdAtz2ov0unbzSl1vMp94O'
    rome = checkpoint('rome2026h1.example.org', 300, root)
    cases = [
        case('a cosignature', text=text, line=good, vkey=WITNESS.vkey, expected={'time': TIME}),
        case('made by sunlight', text=rome, vkey=mirror, expected={'time': 1767139200},
             line='\u2014 mirror.example.org P7FI7wAAAABpVGeAjA1S4pJm6MbcXjX7UUImu4azZtrfcVW2uyr/LXIYlwEJzXC0N0EiZkbqfLdXt/4gVEEuGmxJjAfXKMCISpsJAg==\n'),
        case('an extension line is covered', text=text + 'more\n', line=WITNESS.cosign(text + 'more\n', TIME), vkey=WITNESS.vkey,
             expected={'time': TIME}),
        case('an Ed25519 cosignature does not bind the cosigner’s name', text=text,
             line=line(other.name, other.id, blob), vkey=other.vkey, expected={'time': TIME}),
    ]
    for comment, body, signature, key in (
        ('another tree', checkpoint(LOG.name, 301, root), good, WITNESS.vkey),
        ('another log', checkpoint(OTHER_LOG.name, 300, root), good, WITNESS.vkey),
        ('an extension line added', text + 'more\n', good, WITNESS.vkey),
        ('another time', text, line(WITNESS.name, WITNESS.id, (TIME - 1).to_bytes(8, 'big') + blob[8:]), WITNESS.vkey),
        ('time 0', text, WITNESS.cosign(text, 0), WITNESS.vkey),
        ('time 2^53', text, WITNESS.cosign(text, 2**53), WITNESS.vkey),
        ('time 2^63', text, WITNESS.cosign(text, 2**63), WITNESS.vkey),
        ('a bit flipped', text, line(WITNESS.name, WITNESS.id, flip(blob, 100)), WITNESS.vkey),
        ('S + L', text, line(WITNESS.name, WITNESS.id, blob[:40] + (int.from_bytes(blob[40:], 'little') + L).to_bytes(32, 'little')), WITNESS.vkey),
        ('R of small order', text, line(WITNESS.name, WITNESS.id, small_order_signature(text)), WITNESS.vkey),
        ('a byte short', text, line(WITNESS.name, WITNESS.id, blob[:-1]), WITNESS.vkey),
        ('a byte over', text, line(WITNESS.name, WITNESS.id, blob + b'\0'), WITNESS.vkey),
        ('no signature', text, line(WITNESS.name, WITNESS.id, blob[:8]), WITNESS.vkey),
        ('a note’s signature', text, LOG.sign(text), LOG.vkey),
        ('another key', text, good, WITNESSES[0].vkey),
        ('the key under another name', text, good, other.vkey),
    ):
        cases.append(case(comment, text=body, line=signature, vkey=key, code='bad-signature'))
    FILES['cosignature/ed25519.json'] = cases


def small_order_signature(text):
    """S·B = R + k·A holds with R the neutral point; an honest signer never makes it."""
    message = ('cosignature/v1\ntime %d\n%s' % (TIME, text)).encode()
    r = encode_point((0, 1))
    k = int.from_bytes(hashlib.sha512(r + WITNESS.public + message).digest(), 'little') % L
    return TIME.to_bytes(8, 'big') + r + (k * expand(WITNESS.seed)[0] % L).to_bytes(32, 'little')


def make_policy():
    w = WITNESSES
    names = ''.join('witness W%d %s\n' % (n + 1, w[n].vkey) for n in range(5))
    groups = 'group G1 any W1 W2\ngroup G2 2 W3 W4 W5\ngroup G3 all G1 G2\nquorum G3\n'
    policy = 'log %s https://log.example/\n' % LOG.vkey + names + groups
    loose = '# a comment\n\n \t log\t%s   https://log.example/ \n' % LOG.vkey + names + groups
    cases = [
        case('as it is written', policy=policy, expected=policy),
        case('comments, empty lines, tabs; the expected form is ours', policy=loose, expected=policy),
        case('no quorum', policy='quorum none\n', expected='quorum none\n'),
        case('one witness', policy='witness W %s\nquorum W\n' % w[0].vkey, expected='witness W %s\nquorum W\n' % w[0].vkey),
        case('thresholds in numbers', policy=names + 'group A 1 W1 W2\ngroup B 2 W3 W4\nquorum B\n',
             expected=names + 'group A any W1 W2\ngroup B all W3 W4\nquorum B\n'),
        case('one key as a log’s and a witness’s', policy='log %s\nwitness W %s\nquorum none\n' % (LOG.vkey, Signer('w', 4, 1).vkey),
             expected='log %s\nwitness W %s\nquorum none\n' % (LOG.vkey, Signer('w', 4, 1).vkey)),
        case('names are octets: a Kelvin sign is no K', policy='witness K %s\nwitness \u212a %s\nquorum K\n' % (w[0].vkey, w[1].vkey),
             expected='witness K %s\nwitness \u212a %s\nquorum K\n' % (w[0].vkey, w[1].vkey)),
    ]
    for comment, text in (
        ('an empty file', ''), ('no quorum line', names), ('two quorum lines', 'quorum none\nquorum none\n'), ('no final line feed', 'quorum none'),
        ('a carriage return', 'quorum none\r\n'), ('a form feed in a comment', '# \f\nquorum none\n'), ('DEL in a comment', '# \x7f\nquorum none\n'),
        ('an end-of-line comment', 'quorum none # all\n'), ('a log twice', 'log %s\nlog %s\nquorum none\n' % (LOG.vkey, LOG.vkey)),
        ('a log’s key under two names', 'log %s\nlog %s\nquorum none\n' % (LOG.vkey, Signer('x', 1, 1).vkey)),
        ('a witness’s key under two names', 'witness A %s\nwitness B %s\nquorum none\n' % (w[0].vkey, Signer('x', 4, 17).vkey)),
        ('a name twice', 'witness A %s\nwitness A %s\nquorum none\n' % (w[0].vkey, w[1].vkey)),
        ('a witness named none', 'witness none %s\nquorum none\n' % w[0].vkey), ('none as a member', names + 'group G any W1 none\nquorum G\n'),
        ('a member not defined', names + 'group G any W9\nquorum G\n'), ('a member defined below', 'group G any W1\n' + names + 'quorum G\n'),
        ('a group of itself', names + 'group G any G\nquorum G\n'), ('a member twice', names + 'group G all W1 W1\nquorum G\n'),
        ('a member of two groups', names + 'group G any W1\ngroup H any W1\nquorum G\n'), ('a quorum not defined', 'quorum W\n'),
        ('a quorum defined below', 'quorum W1\n' + names), ('a threshold of 0', names + 'group G 0 W1\nquorum G\n'),
        ('a threshold above the members', names + 'group G 3 W1 W2\nquorum G\n'), ('a threshold of 01', names + 'group G 01 W1\nquorum G\n'),
        ('a group of nobody', names + 'group G any\nquorum G\n'), ('a cosigning key as a log’s', 'log %s\nquorum none\n' % w[0].vkey),
        ('a log’s key as a witness’s', 'witness A %s\nquorum none\n' % LOG.vkey), ('a false key id', 'log %s\nquorum none\n' % LOG.vkey.replace(
            LOG.id.hex(), '00000000')), ('an unknown word', 'mirror %s\nquorum none\n' % LOG.vkey)):
        cases.append(case(comment, policy=text, code='bad-policy'))
    FILES['policy/policy.json'] = cases

    def quorum(comment, times, satisfied, time, text=policy):
        return case(comment, policy=text, times={w[n - 1].vkey: t for n, t in times.items()},
                    expected={'satisfied': satisfied, 'time': time})

    FILES['policy/quorum.json'] = [
        quorum('nobody', {}, False, None), quorum('only the first group', {1: 5, 2: 6}, False, None),
        quorum('only the second group', {3: 5, 4: 6, 5: 7}, False, None), quorum('one of each', {1: 5, 3: 6}, False, None),
        quorum('any is the earliest, 2 of 3 the second, all the latest', {1: 50, 2: 40, 3: 10, 4: 30, 5: 20}, True, 40),
        quorum('the second group is later', {2: 40, 3: 10, 4: 60}, True, 60),
        quorum('the first group is later', {1: 99, 4: 60, 5: 2}, True, 99),
        quorum('quorum none', {1: 5}, True, None, 'quorum none\n'),
        quorum('somebody else', {5: 5}, False, None, 'witness W %s\nquorum W\n' % w[0].vkey),
    ]


def main():
    for make in (make_keyid, make_entry, make_canonical_json, make_note, make_checkpoint, make_merkle, make_tile,
                 make_log_proof, make_cosignature, make_policy):
        make()
    differing = []
    for name, cases in FILES.items():
        text = '[\n' + ',\n'.join('  ' + json.dumps(c, ensure_ascii=True) for c in cases) + '\n]\n'
        target = os.path.join(HERE, name)
        if '--check' in sys.argv:
            if not os.path.exists(target) or open(target, encoding='ascii').read() != text:
                differing.append(name)
            continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, 'w', encoding='ascii') as file:
            file.write(text)
    for name in differing:
        print('differs:', name)
    return 1 if differing else 0


if __name__ == '__main__':
    sys.exit(main())
