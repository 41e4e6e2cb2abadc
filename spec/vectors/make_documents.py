#!/usr/bin/env python3
"""The second implementation of what is built on envelopes; it wrote the vectors of `documents.md`.

Standard library and make.py only, from protocol.md and rulings.md: DSSE envelopes, statements, anchors,
passkey assertions, safety numbers, credentials, delegations, pouches, bundles. Not made here: ML-DSA-44
signatures (Python has none) and age files (npm cctv-age has vectors).

    python3 spec/vectors/make_documents.py [--check]
"""
import base64
import copy
import hashlib
import json
import os
import sys

sys.dont_write_bytecode = True
import make  # noqa: E402
from make import b64, case, ed25519_public, ed25519_sign, jcs, leaf_hash, mth, sha256, vkey

FILES = {}
STATEMENT = 'application/vnd.comity.statement+json'
EXERCISE = 'application/vnd.comity.exercise+json'
POUCH = 'application/vnd.comity.pouch+json'
EXERCISE_POUCH = 'application/vnd.comity.exercise-pouch+json'
RECIPIENT = 'age15nsf9y4k28p83wth93tf7hafhvfajp45d2mge80ems45gz0c5gys3me64l'
TIME = 1790000000
MADE = '2026-11-24T03:00:00Z'


def seed(label):
    return sha256(label.encode())


def b64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip('=')


# ── Envelopes (DSSE 1.0.2; rulings.md, 1) ────────────────────────────────────────────────────────
def pae(kind, payload):
    return b'DSSEv1 %d %s %d %s' % (len(kind.encode()), kind.encode(), len(payload), payload)


def statement_id(kind, payload):
    return sha256(pae(kind, payload)).hex()


def key_id(byte, public):
    return sha256(bytes([byte]) + public).hex()


def sign(kind, payload, labels):
    signatures = [{'keyid': key_id(1, ed25519_public(seed(label))),
                   'sig': b64(ed25519_sign(seed(label), pae(kind, payload)))} for label in labels]
    return {'payload': b64(payload), 'payloadType': kind,
            'signatures': sorted(signatures, key=lambda s: s['keyid'])}


def payload_of(envelope):
    return base64.b64decode(envelope['payload'])


def id_of(envelope):
    return statement_id(envelope['payloadType'], payload_of(envelope))


def list_digest(envelope):
    return sha256(jcs(envelope['signatures']).encode())


def entry(role, envelope):
    return sha256(b'comity/entry/v1\n' + bytes([role]) + bytes.fromhex(id_of(envelope)) + list_digest(envelope))


# ── Parties: a log in memory, credentials, statements ───────────────────────────────────────────
class Key:
    """A note key from a label."""

    def __init__(self, name, kind, label):
        self.name, self.kind, self.seed = name, kind, seed(label)
        self.public = ed25519_public(self.seed)
        self.id = make.note_key_id(name, kind, self.public)
        self.vkey = vkey(name, kind, self.public)

    sign = make.Signer.sign
    cosign = make.Signer.cosign


class Party:
    def __init__(self, slug, exercise=False):
        self.slug, self.exercise, self.kind = slug, exercise, EXERCISE if exercise else STATEMENT
        self.origin = ('exercise.' if exercise else '') + slug + '.example/log'
        self.log = Key(self.origin, 1, slug + ' log')
        self.witness = Key(slug + '.example/witness', 4, slug + ' witness')
        self.own = Key(slug + '.example/own', 4, slug + ' own account')
        self.entries, self.documents = [], []
        self.id = self.credentials = None

    def key(self, label):
        return {'key': b64(ed25519_public(seed('%s %s' % (self.slug, label)))), 'type': 'ed25519'}

    def body(self, **changes):
        both = ['Duty officer 1', 'Duty officer 2']
        return {'version': len(self.documents) + 1, 'previous': self.credentials, 'exercise': self.exercise,
                'name': {'en': self.slug}, 'functions': ['organisation'],
                'officers': {'Duty officer %d' % n: {'keys': [self.key(str(n))]} for n in (1, 2)},
                'authority': {'root': {'threshold': 2, 'offices': both}, 'solemn': {'threshold': 2, 'offices': both},
                              'duty': {'threshold': 1, 'offices': both},
                              'automatic': {'key': self.key('automatic')['key']}},
                'onePerson': False, 'log': {'origin': self.origin, 'keys': [self.log.vkey], 'previous': None},
                'witnessKey': self.witness.vkey, 'ownAccountKey': self.own.vkey, 'sealing': [RECIPIENT],
                'routes': [], 'contacts': {}, 'kinds': {'protocol': 1, 'folds': [1]}, 'delegations': [],
                'expires': '2028-01-01T00:00:00Z', **changes}

    def statement(self, kind, **given):
        nonce = sha256(('%s %s %d' % (self.slug, kind, len(self.entries))).encode())[:16]
        return {'comity': 1, 'kind': kind, 'from': self.id, 'to': [], 'docket': None, 'after': [], 'prior': None,
                'anchor': [], 'terms': None, 'cites': [], 'made': MADE, 'credentials': self.credentials,
                'nonce': b64url(nonce), 'body': {}, **given}

    def say(self, kind, pens=('1', '2'), **given):
        payload = jcs(self.statement(kind, **given)).encode()
        return self.enter(sign(self.kind, payload, ['%s %s' % (self.slug, pen) for pen in pens]))

    def enter(self, envelope):
        self.entries.append(entry(1, envelope))
        return {'envelope': envelope, 'index': len(self.entries) - 1, 'said': self.prove(len(self.entries) - 1)}

    def receive(self, document, lines=()):
        self.entries.append(entry(2, document['envelope']))
        return self.prove(len(self.entries) - 1, lines)

    def text(self):
        return make.checkpoint(self.origin, len(self.entries), mth(self.entries))

    def prove(self, index, cosigners=()):
        hashes = ''.join(b64(h) + '\n' for h in make.path(index, self.entries))
        lines = self.log.sign(self.text()) + ''.join(key.cosign(self.text(), time) for key, time in cosigners)
        return 'c2sp.org/tlog-proof@v1\nindex %d\n%s\n%s\n%s' % (index, hashes, self.text(), lines)

    def draft(self, pens=('1', '2'), body=None, **changes):
        return self.say('party.credentials', pens, body=body or self.body(**changes))

    def publish(self, **changes):
        document = self.draft(**changes)
        self.credentials = id_of(document['envelope'])
        self.id = self.id or self.credentials
        self.documents.append(document)
        return self


def channel(a, b):
    low, high = sorted((a, b))
    return sha256(b'comity/channel/v1\n' + bytes.fromhex(low) + bytes.fromhex(high)).hex()


def anchor_digest(lines):
    return sha256(b''.join(sorted(line.encode() for line in lines))).hex()


def bare(document):
    return {'envelope': document['envelope'], 'said': document['said']}


# ── Vectors: envelope, statement ─────────────────────────────────────────────────────────────────
def make_envelope():
    payload = b'{"a":1}'
    FILES['envelope/pae.json'] = [
        case(comment, payloadType=kind, payload=data.hex(),
             expected={'pae': pae(kind, data).hex(), 'id': statement_id(kind, data)})
        for comment, kind, data in (
            ('the example of the DSSE specification', 'http://example.com/HelloWorld', b'hello world'),
            ('an empty payload', STATEMENT, b''), ('lengths are of bytes', 'é', 'á'.encode()),
            ('a statement', STATEMENT, payload), ('the same in an exercise', EXERCISE, payload))]
    FILES['envelope/signing.json'] = [
        case('Ed25519 over the PAE', payloadType=STATEMENT, payload=payload.hex(), seed=seed('one').hex(),
             expected=sign(STATEMENT, payload, ['one'])['signatures'][0])]
    two = sign(STATEMENT, payload, ['one', 'two'])
    passkey = copy.deepcopy(two)
    passkey['signatures'] = [{'keyid': 'ab' * 32, 'sig': b64(bytes(64)), 'extension': {
        'kind': 'webauthn', 'ext': {'authenticatorData': b64(bytes(37)), 'clientDataJSON': b64(b'{}')}}}]
    cases = [case(comment, text=jcs(e), expected={
        'id': id_of(e), 'listDigest': list_digest(e).hex(), 'keyids': [s['keyid'] for s in e['signatures']]})
        for comment, e in (('two signatures', two), ('a draft without signatures', {**two, 'signatures': []}),
                           ('a passkey', passkey), ('sixteen signatures', {**two, 'signatures': [
                               {'keyid': '%064x' % n, 'sig': 'AA=='} for n in range(16)]}))]
    text, (first, second) = jcs(two), two['signatures']
    reordered = json.dumps({k: two[k] for k in ('payloadType', 'payload', 'signatures')}, separators=(',', ':'))
    for comment, changed in (('a space at the end', text + ' '), ('a line feed at the end', text + '\n'),
                             ('a space inside', text.replace(',', ', ', 1)), ('members in another order', reordered),
                             ('a member twice', text.replace('{', '{"payload":"",', 1)),
                             ('an escape that is not needed', text.replace('statement+', 'statement\\u002b')),
                             ('a byte order mark', '\ufeff' + text), ('cut', text[:-1]), ('nothing', ''),
                             ('deep nesting', '[' * 1000)):
        cases.append(case(comment, text=changed, code='bad-text'))
    odd = {'a member too many': {**two, 'x': 1}, 'a member too few': {k: two[k] for k in ('payload', 'signatures')},
           'payload in base64url': {**two, 'payload': '_-8='}, 'payload without padding': {**two, 'payload': 'eyJ9Cg'},
           'a list': [two], 'a quotation mark in the payload type': {**two, 'payloadType': 'a"b'},
           'an empty payload type': {**two, 'payloadType': ''}}
    for comment, list_ in (('a key id twice', [first, first]), ('key ids out of order', [second, first]),
                           ('a key id in upper case', [{**first, 'keyid': first['keyid'].upper()}]),
                           ('an empty signature', [{**first, 'sig': ''}]),
                           ('stray bits', [{**first, 'sig': 'AB=='}]), ('a certificate', [{**first, 'cert': ''}]),
                           ('an extension of another kind', [{**first, 'extension': {'kind': 'x', 'ext': {}}}]),
                           ('seventeen signatures', [{'keyid': '%064x' % n, 'sig': 'AA=='} for n in range(17)])):
        odd[comment] = {**two, 'signatures': list_}
    cases += [case(comment, text=jcs(value), code='bad-signature') for comment, value in odd.items()]
    FILES['envelope/envelope.json'] = cases


def make_statement():
    n = lambda number: '%064x' % number
    base = {'comity': 1, 'kind': 'incident.update', 'from': n(1), 'to': [n(2), n(3)], 'docket': n(4), 'after': [n(5)],
            'prior': n(6), 'terms': None, 'cites': [n(7)], 'made': MADE, 'credentials': n(8), 'nonce': 'A' * 22,
            'anchor': [{'origin': 'south.example/log', 'size': 3, 'root': b64(bytes(32)), 'cosignatures': n(9)}],
            'body': {'text': 'what happened', 'n': -(2**53 - 1)}}
    opening = {**base, 'docket': None, 'after': [], 'prior': None, 'terms': n(9)}
    first = {**opening, 'kind': 'party.credentials', 'from': None, 'to': [], 'credentials': None}

    def good(comment, value, kind=STATEMENT):
        id_ = statement_id(kind, jcs(value).encode())
        return case(comment, payloadType=kind, text=jcs(value), expected={
            'id': id_, 'exercise': kind == EXERCISE, 'party': value['from'] or id_})

    cases = [good('a later statement', base), good('an opening that pins terms', opening),
             good('version 1 of credentials', first), good('an exercise', base, EXERCISE),
             good('64 parents', {**base, 'after': [n(100 + i) for i in range(64)]})]
    anchor = base['anchor'][0]
    for comment, value in (
            ('to out of order', {**base, 'to': [n(3), n(2)]}), ('to with a repetition', {**base, 'to': [n(2), n(2)]}),
            ('to with from', {**base, 'to': [n(1)]}), ('after out of order', {**base, 'after': [n(6), n(5)]}),
            ('65 parents', {**base, 'after': [n(100 + i) for i in range(65)]}),
            ('an opening with a parent', {**opening, 'after': [n(5)]}),
            ('an opening with a prior', {**opening, 'prior': n(6)}), ('terms in a later statement', {**base, 'terms': n(9)}),
            ('from null elsewhere than in credentials', {**first, 'kind': 'party.delegate'}),
            ('from null with credentials', {**first, 'credentials': n(8)}),
            ('from without credentials', {**base, 'credentials': None}),
            ('anchors out of order', {**base, 'anchor': [anchor, {**anchor, 'origin': 'a.example/log'}]}),
            ('a log anchored twice', {**base, 'anchor': [anchor, anchor]}),
            ('a root of 31 bytes', {**base, 'anchor': [{**anchor, 'root': b64(bytes(31))}]}),
            ('a made with a fraction', {**base, 'made': '2026-11-24T03:00:00.0Z'}),
            ('a made that the calendar lacks', {**base, 'made': '2026-02-29T03:00:00Z'}),
            ('a nonce with stray bits', {**base, 'nonce': 'A' * 21 + 'B'}), ('a kind of one word', {**base, 'kind': 'incident'}),
            ('a body that is a list', {**base, 'body': []}), ('a member too many', {**base, 'x': 1}),
            ('a member too few', {k: v for k, v in base.items() if k != 'cites'}), ('another version', {**base, 'comity': 2})):
        cases.append(case(comment, payloadType=STATEMENT, text=jcs(value), code='bad-schema'))
    cases.append(case('the payload type of pouches', payloadType=POUCH, text=jcs(base), code='bad-schema'))
    text = jcs(base)
    for comment, changed in (('a space at the end', text + ' '), ('a fraction', text.replace('"comity":1', '"comity":1.0')),
                             ('a member twice', text.replace('{', '{"after":[],', 1)),
                             ('not NFC', text.replace('what', 'e\u0301')), ('a tab', text.replace('what', '\\t')),
                             ('a bidirectional override', text.replace('what', '\u202e')),
                             ('a code point that Unicode 16.0 does not assign', text.replace('what', '\u0378')),
                             ('an integer past 2^53 \u2212 1', text.replace('-9007199254740991', '-9007199254740992'))):
        cases.append(case(comment, payloadType=STATEMENT, text=changed, code='bad-text'))
    FILES['statement/statement.json'] = cases
    FILES['statement/channel-docket.json'] = [
        case('two parties', parties=[n(1), n(2)], expected=channel(n(1), n(2))),
        case('the same from the other side', parties=[n(2), n(1)], expected=channel(n(1), n(2)))]


def make_anchor():
    checkpoint = make.checkpoint('south.example/log', 5, sha256(b'root'))
    keys = [Key('%s.example/w' % c, 4, 'anchor ' + c) for c in 'abc']
    lines = [key.cosign(checkpoint, TIME + i) for i, key in enumerate(keys)]
    wide = ['\u2014 \U0001f600 AAAA\n', '\u2014 \uff5e AAAA\n']
    FILES['statement/anchor-digest.json'] = [
        case('no lines', lines=[], expected=anchor_digest([])), case('three lines', lines=lines, expected=anchor_digest(lines)),
        case('in another order', lines=lines[::-1], expected=anchor_digest(lines)),
        case('sorted by bytes of UTF-8, not by UTF-16', lines=wide, expected=anchor_digest(wide))]

    def anchor(own, size=5):
        return {'origin': 'south.example/log', 'size': size, 'root': b64(sha256(b'root')), 'cosignatures': anchor_digest(own)}

    vkeys = [key.vkey for key in keys]
    times = [{'origin': 'south.example/log', 'vkey': key.vkey, 'time': TIME + i} for i, key in enumerate(keys)]
    FILES['statement/anchor-lines.json'] = [
        case('all known', anchor=[anchor(lines)], lines=lines, vkeys=vkeys, expected={'times': times, 'unknown': 0}),
        case('one unknown', anchor=[anchor(lines)], lines=lines, vkeys=vkeys[1:], expected={'times': times[1:], 'unknown': 1}),
        case('two anchors, and one without lines', anchor=[anchor(lines[:1]), anchor([]), anchor(lines[1:])], lines=lines,
             vkeys=vkeys, expected={'times': times, 'unknown': 0}),
        case('a line missing', anchor=[anchor(lines)], lines=lines[1:], vkeys=vkeys, code='bad-anchor'),
        case('a line too many', anchor=[anchor(lines[1:])], lines=lines, vkeys=vkeys, code='bad-anchor'),
        case('of another checkpoint', anchor=[anchor(lines, 4)], lines=lines, vkeys=vkeys, code='bad-anchor'),
        case('no signature line', anchor=[anchor(['x\n'])], lines=['x\n'], vkeys=vkeys, code='bad-anchor')]


# ── Vectors: passkeys (ECDSA on P-256 with nonces from a hash) ──────────────────────────────────
P256 = 2**256 - 2**224 + 2**192 + 2**96 - 1
N256 = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
G256 = (0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
        0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5)


def add256(a, b):
    if a is None or b is None:
        return b if a is None else a
    if a[0] == b[0] and (a[1] + b[1]) % P256 == 0:
        return None
    slope = ((3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P256) if a == b
             else (b[1] - a[1]) * pow(b[0] - a[0], -1, P256)) % P256
    x = (slope * slope - a[0] - b[0]) % P256
    return x, (slope * (a[0] - x) - a[1]) % P256


def multiply256(scalar):
    result, point = None, G256
    while scalar:
        if scalar & 1:
            result = add256(result, point)
        point, scalar = add256(point, point), scalar >> 1
    return result


def ecdsa(secret, message, high=False):
    nonce = int.from_bytes(hashlib.sha512(b'nonce' + message).digest(), 'big') % N256
    r = multiply256(nonce)[0] % N256
    s = pow(nonce, -1, N256) * (int.from_bytes(sha256(message), 'big') + r * secret) % N256
    if (s > N256 // 2) != high:
        s = N256 - s
    return r.to_bytes(32, 'big') + s.to_bytes(32, 'big')


def make_webauthn():
    id_, secret, origin = 'c0' * 32, int.from_bytes(seed('passkey'), 'big') % N256, 'https://desk.comity.example'
    challenge = sha256(b'comity/sign/v1\n' + bytes.fromhex(id_))
    FILES['webauthn/challenge.json'] = [case('SHA-256("comity/sign/v1\\n" \u2016 raw id)', id=id_, expected=challenge.hex())]
    x, y = multiply256(secret)
    public = bytes([2 + (y & 1)]) + x.to_bytes(32, 'big')
    key = {'type': 'webauthn', 'algorithm': 'ES256', 'key': b64(public), 'rpId': 'comity.example',
           'origins': ['https://other.example', origin]}
    eddsa = {**key, 'algorithm': 'EdDSA', 'key': b64(ed25519_public(seed('passkey')))}
    client = {'type': 'webauthn.get', 'challenge': b64url(challenge), 'origin': origin, 'crossOrigin': False}

    def assertion(comment, data=None, text=None, flags=5, rp='comity.example', extra=b'', high=False, of=key, ok=False,
                  signature=None):
        authenticator = sha256(rp.encode()) + bytes([flags, 0, 0, 0, 7]) + extra
        client_data = (text or json.dumps({**client, **(data or {})}, separators=(',', ':'))).encode()
        message = authenticator + sha256(client_data)
        raw = ecdsa(secret, message, high) if of is key else ed25519_sign(seed('passkey'), message)
        outcome = {'expected': True} if ok else {'code': 'bad-signature'}
        return case(comment, id=id_, key=of, signature={
            'keyid': key_id(2 if of is key else 3, base64.b64decode(of['key'])), 'sig': b64(signature or raw),
            'extension': {'kind': 'webauthn', 'ext': {'authenticatorData': b64(authenticator),
                                                      'clientDataJSON': b64(client_data)}}}, **outcome)

    plain = json.dumps(client, separators=(',', ':'))
    FILES['webauthn/assertion.json'] = [
        assertion('ES256', ok=True), assertion('EdDSA', of=eddsa, ok=True),
        assertion('without crossOrigin', text=plain.replace(',"crossOrigin":false', ''), ok=True),
        assertion('with a member more', data={'extra_keys': 'may be added'}, ok=True),
        assertion('a synchronised passkey', flags=0x1d, ok=True), assertion('with extensions', flags=0x85, extra=b'\xa0', ok=True),
        assertion('s is high', high=True), assertion('type of a registration', data={'type': 'webauthn.create'}),
        assertion('another challenge', data={'challenge': b64url(bytes(32))}),
        assertion('challenge in padded base64', data={'challenge': b64(challenge)}),
        assertion('an origin that is not listed', data={'origin': 'https://evil.example'}),
        assertion('an origin with a port', data={'origin': origin + ':8443'}), assertion('cross-origin', data={'crossOrigin': True}),
        assertion('a top origin', data={'topOrigin': origin}), assertion('another relying party', rp='evil.example'),
        assertion('user not present', flags=4), assertion('user not verified', flags=1),
        assertion('backed up and not eligible', flags=0x15), assertion('an attested key', flags=0x45),
        assertion('extension flag without data', flags=0x85), assertion('data without extension flag', extra=b'\xa0'),
        assertion('client data with white space', text=json.dumps(client)),
        assertion('client data with a member twice', text=plain.replace('{', '{"origin":"https://evil.example",', 1)),
        assertion('a signature over something else', signature=ecdsa(secret, b'something else'))]


def make_safety_number():
    def half(side):
        identity = bytes.fromhex(side['party'] + side['credentials'])
        digest = sha256(b'comity/safety-number/v1\n' + identity)
        for _ in range(5199):
            digest = sha256(digest + identity)
        return ' '.join('%05d' % (int.from_bytes(digest[i:i + 5], 'big') % 100000) for i in range(0, 30, 5))

    sides = [{'party': c * 64, 'credentials': d * 64} for c, d in ('12', '34', '35', '56')]
    FILES['safety-number/safety-number.json'] = [
        case(comment, sides=[sides[a], sides[b]], expected=' '.join(half(s) for s in sorted(
            (sides[a], sides[b]), key=lambda s: s['party'])))
        for comment, a, b in (('two parties', 0, 1), ('from the other side', 1, 0), ('after a rotation', 0, 2),
                              ('another pair', 3, 1))]


# ── Vectors: credentials ─────────────────────────────────────────────────────────────────────────
def make_credentials():
    body = Party('north').body()
    bodies = [case('a plain body', body=body, expected=True)]
    officers, authority, log = body['officers'], body['authority'], body['log']
    key = lambda label: {'key': b64(ed25519_public(seed(label))), 'type': 'ed25519'}
    for comment, change in (
            ('a key of two officers', {'officers': {**officers, 'Third': {'keys': [key('north 1')]}}}),
            ('a key of an officer and of the log', {'officers': {**officers, 'Third': {'keys': [key('north log')]}}}),
            ('an automatic key that is an officer\u2019s', {'authority': {**authority, 'automatic': {'key': key('north 1')['key']}}}),
            ('one key for witnessing and own account', {'ownAccountKey': body['witnessKey']}),
            ('an office called automatic', {'officers': {**officers, 'automatic': {'keys': [key('third')]}}}),
            ('an officer without keys', {'officers': {**officers, 'Third': {'keys': []}}}),
            ('a threshold above the officers', {'authority': {**authority, 'duty': {**authority['duty'], 'threshold': 3}}}),
            ('solemn with one officer', {'authority': {**authority, 'solemn': {**authority['solemn'], 'threshold': 1}}}),
            ('root with one officer', {'authority': {**authority, 'root': {**authority['root'], 'threshold': 1}}}),
            ('a threshold with an unknown office', {'authority': {**authority, 'duty': {'threshold': 1, 'offices': ['Cook']}}}),
            ('a log key with another name', {'log': {**log, 'keys': [Key('x.example', 1, 'x').vkey]}}),
            ('an exercise origin of a real party', {'log': {**log, 'origin': 'exercise.north.example/log', 'keys': [
                Key('exercise.north.example/log', 1, 'x').vkey]}}),
            ('version 1 with an earlier log', {'log': {**log, 'previous': {'origin': 'old.example/log', 'size': 1}}}),
            ('version 1 with a predecessor', {'previous': 'ab' * 32}), ('an unknown function', {'functions': ['king']}),
            ('a member too many', {'x': 1})):
        bodies.append(case(comment, body={**body, **change}, code='bad-schema'))
    FILES['credentials/body.json'] = bodies
    make_chains()
    make_authority()


def make_chains():
    def chain(comment, documents, frozen=False, bound=None, versions=None, in_force=(), **outcome):
        outcome = outcome or {'expected': {'versions': versions or len(documents), 'frozen': frozen, 'bound': bound,
                                           'inForce': [list(x) for x in in_force]}}
        return case(comment, documents=[bare(d) for d in documents], **outcome)

    north = Party('north').publish()
    one = north.documents[0]
    north.entries += [sha256(b'x'), sha256(b'y')]
    two = north.publish().documents[1]
    cases = [chain('version 1', [one], in_force=[(north.origin, 0, None), (north.origin, 1, 1)]),
             chain('two versions and what is in force', [one, two],
                   in_force=[(north.origin, i, v) for i, v in ((1, 1), (2, 1), (3, None), (4, 2))]),
             chain('an older version again changes nothing', [one, two, one], versions=2),
             chain('a gap', [two], code='credentials-gap')]
    weak = Party('north').draft(pens=('1',))
    cases.append(chain('version 1 below its root threshold', [weak], code='insufficient-authority'))
    cases.append(chain('a stranger\u2019s signature beside', [Party('north').draft(pens=('1', '2', '3'))], code='bad-signature'))
    cases.append(chain('the node\u2019s own key beside', [Party('north').draft(pens=('1', '2', 'automatic'))], code='bad-signature'))
    spare = Party('north')
    officers = {'Duty officer 1': {'keys': [spare.key('1'), spare.key('1b')]}, 'Duty officer 2': {'keys': [spare.key('2')]}}
    cases.append(chain('one officer\u2019s two keys', [spare.draft(pens=('1', '1b'), officers=officers)],
                       code='insufficient-authority'))
    rotating = Party('north').publish()
    fresh = {'Duty officer %d' % n: {'keys': [rotating.key('new %d' % n)]} for n in (1, 2)}
    first = rotating.documents[0]
    cases += [chain('signed by the root of n and n+1', [first, rotating.draft(('1', '2', 'new 1', 'new 2'), officers=fresh)]),
              chain('signed by the root of n only', [first, rotating.draft(officers=fresh)], code='insufficient-authority'),
              chain('signed by the root of n+1 only', [first, rotating.draft(('new 1', 'new 2'), officers=fresh)],
                    code='insufficient-authority')]
    forked = Party('north').publish()
    rivals = []
    for word in (b'a', b'b'):
        forked.entries += [sha256(word)] * 2
        rivals.append(forked.draft())
    for comment, order in (('two successors freeze the chain', rivals), ('in the other order', rivals[::-1])):
        cases.append(chain(comment, [forked.documents[0]] + order, versions=1, frozen=True, bound=3,
                           in_force=[(forked.origin, 2, 1), (forked.origin, 3, None)]))
    moving = Party('north').publish()
    moving.entries += [sha256(b'z')] * 4
    old, moving.origin = moving.origin, 'north.example/log/2'
    moving.log, moving.entries, before = Key(moving.origin, 1, 'north log 2'), [], moving.documents[0]
    log = {'origin': moving.origin, 'keys': [moving.log.vkey], 'previous': {'origin': old, 'size': 3}}
    moved = moving.draft(log=log)
    cases.append(chain('a change of log', [before, moved], in_force=[
        (old, 2, 1), (old, 3, None), (moving.origin, 0, None), (moving.origin, 1, 2)]))
    late = moving.draft(log=log)
    cases.append(chain('a change of log that is not entry 0', [before, late], code='bad-proof'))
    cases.append(chain('a change of log without the old size', [before, moving.draft(log={**log, 'previous': None})],
                       code='bad-schema'))
    wrong = Party('north')
    real = wrong.draft()
    cases.append(chain('the proof of another entry', [{**real, 'said': Party('south').publish().documents[0]['said']}],
                       code='bad-proof'))
    rehearsal = Party('north', True)
    payload = jcs(rehearsal.statement('party.credentials', body=rehearsal.body())).encode()
    cases += [chain('an exercise party', [Party('north', True).draft()]),
              chain('an exercise party under the real payload type',
                    [rehearsal.enter(sign(STATEMENT, payload, ['north 1', 'north 2']))], code='wrong-exercise')]
    FILES['credentials/chain.json'] = cases


def make_authority():
    north = Party('north').publish()
    grant = north.say('party.delegate', body={'office': 'Roster 7', 'key': north.key('roster'),
                                              'kinds': ['incident.update'], 'until': '2027-01-01T00:00:00Z'})
    north.entries.append(sha256(b'between'))
    ending = north.say('party.delegate', body={'ends': id_of(grant['envelope'])})
    everything = {'documents': [bare(d) for d in north.documents], 'delegations': [bare(grant), bare(ending)]}

    def of(comment, pens, offices=None, delegated=(), levels=(), kind='incident.update', index=None, given=everything):
        envelope = north.say(kind, pens)['envelope']
        outcome = {'code': 'bad-signature'} if offices is None else {'expected': {
            'offices': offices, 'delegated': list(delegated), 'levels': list(levels)}}
        return case(comment, **given, envelope=envelope, index=1000 if index is None else index, **outcome)

    one, two = 'Duty officer 1', 'Duty officer 2'
    ungranted = {**everything, 'delegations': []}
    open_ended = {**everything, 'delegations': [bare(grant)]}
    FILES['credentials/authority.json'] = [
        of('the node\u2019s own key', ('automatic',), ['automatic'], (), ['automatic']),
        of('one officer', ('1',), [one], (), ['automatic', 'duty']),
        of('both officers', ('1', '2'), [one, two], (), ['automatic', 'duty', 'root', 'solemn']),
        of('a stranger beside', ('1', 'stranger')), of('nobody', ()),
        of('a delegate', ('roster',), [], ['Roster 7'], ['automatic', 'duty'], given=open_ended),
        of('a delegate and an officer are not solemn', ('1', 'roster'), [one], ['Roster 7'], ['automatic', 'duty'],
           given=open_ended),
        of('a delegate at the index of the delegation', ('roster',), index=1, given=open_ended),
        of('a delegate without the delegation', ('roster',), given=ungranted),
        of('a delegate before the ending', ('roster',), [], ['Roster 7'], ['automatic', 'duty'], index=2),
        of('a delegate for another kind', ('roster',), kind='incident.notify', given=open_ended),
        of('a delegate at the index of the ending', ('roster',), index=3),
        of('a delegate after the ending', ('roster',), index=4)]


# ── Vectors: pouch, bundle ───────────────────────────────────────────────────────────────────────
def make_pouch():
    north, south = Party('north').publish(), Party('south').publish()
    manifest = {'comityPouch': 1, 'sender': north.id, 'receiver': south.id, 'sequence': 7, 'nonce': 'A' * 22, 'made': MADE}
    frame = lambda kind, body: bytes([kind]) + len(body).to_bytes(4, 'big') + body
    message = north.say('channel.message', ('1',), to=[south.id])
    records = [(2, {'envelope': message['envelope'], 'said': message['said'], 'anchorLines': []}),
               (6, {'what': 'checkpoint'}), (6, {'what': 'statements', 'ids': ['ab' * 32]}),
               (7, {'party': north.id, 'start': 0, 'data': b64(bytes(64))})]

    def seal(frames, kind=POUCH, label='north automatic', end=True):
        signed = lambda value: jcs(sign(kind, jcs(value).encode(), [label])).encode()
        stream = [frame(1, signed(manifest))] + [frame(k, v if isinstance(v, bytes) else jcs(v).encode()) for k, v in frames]
        digest = sha256(b'comity/pouch/v1\n')
        for item in stream:
            digest = sha256(digest + item)
        return stream + ([frame(255, signed({'comityPouchEnd': 1, 'hash': digest.hex()}))] if end else [])

    def pouch(comment, stream, read=4, complete=True, unknown=0, bad=(), signed=True, whole=True):
        return case(comment, plaintext=b''.join(stream).hex(), whole=whole, documents=[bare(d) for d in north.documents],
                    expected={'manifest': manifest, 'records': read, 'complete': complete, 'unknown': unknown,
                              'bad': list(bad), 'signed': signed})

    whole = seal(records)
    cases = [pouch('whole', whole), pouch('opened from a cut seal', whole, complete=False, whole=False),
             pouch('cut inside a record', whole[:3] + [whole[3][:-1]], read=2, complete=False),
             pouch('cut between records', whole[:4], read=3, complete=False),
             pouch('a record left out', whole[:2] + whole[3:], read=3, complete=False),
             pouch('records exchanged', [whole[0], whole[2], whole[1]] + whole[3:], complete=False),
             pouch('bytes after the end', whole + [b'\0'], complete=False),
             pouch('a record of an unknown type', seal(records + [(77, {})]), unknown=1),
             pouch('a record that cannot be read', seal(records[:1] + [(6, {'what': 'money'})] + records[1:]),
                   bad=[{'index': 2, 'code': 'bad-schema'}]),
             pouch('a record that is not canonical', seal(records + [(6, b'{ }')]), bad=[{'index': 5, 'code': 'bad-text'}]),
             pouch('nothing but the manifest and the end', seal([]), read=0),
             pouch('signed by an officer instead', seal(records, label='north 1'), signed=False),
             pouch('of an exercise, from a real party', seal(records, EXERCISE_POUCH), signed=False)]
    for comment, data in (('nothing', b''), ('no manifest', b''.join(whole[1:])), ('a cut manifest', whole[0][:-1])):
        cases.append(case(comment, plaintext=data.hex(), whole=True, documents=[], code='unreadable'))
    FILES['pouch/pouch.json'] = cases


MEANING = {'levels': {'allegation.raise': 'solemn', 'allegation.answer': 'solemn', 'channel.test': 'automatic'},
           'opens': ['allegation.raise'], 'answers': {'allegation.raise': 'allegation.answer'}}


def make_bundle():
    north, south = Party('north').publish(), Party('south').publish()
    lines = [north.witness.cosign(south.text(), TIME)]
    anchor = {'origin': south.origin, 'size': 1, 'root': b64(mth(south.entries)), 'cosignatures': anchor_digest(lines)}
    raised = north.say('allegation.raise', to=[south.id], anchor=[anchor], terms='ab' * 32)
    docket = id_of(raised['envelope'])
    raised['said'] = north.prove(raised['index'], [(north.own, TIME + 10), (south.witness, TIME + 15)])
    receipt = south.receive(raised, [(north.witness, TIME + 20)])
    answered = south.say('allegation.answer', to=[north.id], docket=docket, after=[docket])
    answered['said'] = south.prove(answered['index'], [(north.witness, TIME + 45)])
    head = id_of(answered['envelope'])

    def heartbeat(sender, receiver, heads, time):
        salt, other = seed('salt ' + sender.slug), leaf_hash(seed('other'))
        leaf = {'docket': docket, 'heads': heads, 'inputDigest': seed('inputs').hex(), 'stateDigest': seed('state').hex()}
        own = leaf_hash(sha256(salt + jcs([leaf[k] for k in ('docket', 'heads', 'inputDigest', 'stateDigest')]).encode()))
        said = sender.say('channel.test', ('automatic',), to=[receiver.id], docket=channel(sender.id, receiver.id), body={
            'salt': salt.hex(), 'count': 2, 'root': make.node_hash(own, other).hex()})
        return {'envelope': said['envelope'], 'said': sender.prove(said['index'], [(receiver.witness, time)]),
                'leaf': leaf, 'index': 0, 'path': [b64(other)]}

    by_id = lambda items: sorted(items, key=lambda item: id_of(item['envelope']))
    whole = {'comityBundle': 1, 'docket': docket,
             'envelopes': by_id([{**bare(raised), 'anchor': lines}, {**bare(answered), 'anchor': []}]),
             'credentials': sorted((bare(p.documents[0]) for p in (north, south)), key=lambda i: id_of(i['envelope'])),
             'proofs': [{'statement': docket, 'party': south.id, 'role': 'held', 'proof': receipt,
                         'listDigest': list_digest(raised['envelope']).hex()}],
             'heartbeats': by_id([heartbeat(north, south, [head], TIME + 105), heartbeat(south, north, [head], TIME + 115)])}
    trust = [north.id, south.id]

    def bundle(comment, verdict, failed=(), value=None, trusted=trust, text=None, **change):
        return case(comment, bundle=text or jcs({**(value or whole), **change}), trust=trusted, meaning=MEANING,
                    expected={'verdict': verdict, 'failed': list(failed)})

    unanswered = {**whole, 'envelopes': [e for e in whole['envelopes'] if id_of(e['envelope']) == docket]}
    opening = [e for e in whole['envelopes'] if id_of(e['envelope']) == docket][0]
    reply = [e for e in whole['envelopes'] if id_of(e['envelope']) == head][0]
    stripped = {**opening, 'envelope': {**opening['envelope'], 'signatures': opening['envelope']['signatures'][:1]}}
    proof, beat = whole['proofs'][0], whole['heartbeats'][0]
    stranger = Key('stranger.example/w', 4, 'stranger')
    extra = {**proof, 'proof': proof['proof'] + stranger.cosign(proof['proof'].split('\n\n')[1] + '\n', TIME)}
    FILES['bundle/bundle.json'] = [
        bundle('whole and answered', 'valid'), bundle('nobody is trusted', 'untrusted', trusted=[]),
        bundle('one author is not trusted', 'untrusted', trusted=[north.id]),
        bundle('the reply is removed', 'incomplete', value=unanswered),
        bundle('the reply is removed and its heartbeats', 'incomplete', value=unanswered, heartbeats=[]),
        bundle('without heartbeats: one side\u2019s word only', 'incomplete', heartbeats=[]),
        bundle('without the opening', 'incomplete', envelopes=[reply], proofs=[]),
        bundle('credentials missing', 'invalid', ['statements', 'receipts', 'checkpoints', 'heartbeats'],
               credentials=[c for c in whole['credentials'] if id_of(c['envelope']) == north.id]),
        bundle('a signature stripped', 'invalid', ['said'], envelopes=by_id([stripped, reply])),
        bundle('anchors\u2019 lines missing', 'invalid', ['anchors'], envelopes=by_id([{**opening, 'anchor': []}, reply])),
        bundle('a receipt of another list', 'invalid', ['receipts'], proofs=[{**proof, 'listDigest': 'ab' * 32}]),
        bundle('a receipt said to be the author\u2019s', 'invalid', ['receipts'], proofs=[{**proof, 'party': north.id}]),
        bundle('a line by nobody who is known', 'invalid', ['checkpoints'], proofs=[extra]),
        bundle('the same, listed as a witness', 'valid', proofs=[extra], witnesses=[stranger.vkey]),
        bundle('a listed witness that signed nothing', 'invalid', ['checkpoints'], witnesses=[stranger.vkey]),
        bundle('a heartbeat with another leaf', 'invalid', ['heartbeats'],
               heartbeats=[{**beat, 'leaf': {**beat['leaf'], 'heads': []}}] + whole['heartbeats'][1:]),
        bundle('another docket', 'invalid', ['docket', 'heartbeats'], docket='ab' * 32),
        bundle('an unsigned member', 'invalid', ['document'], note='hello'),
        bundle('a list out of order', 'invalid', ['document'], credentials=whole['credentials'][::-1]),
        bundle('white space', 'invalid', ['document'], text=jcs(whole) + '\n'),
        bundle('cut', 'invalid', ['document'], text=jcs(whole)[:-2])]


def main():
    for write in (make_envelope, make_statement, make_anchor, make_webauthn, make_safety_number, make_credentials,
                  make_pouch, make_bundle):
        write()
    differing = []
    for name, cases in FILES.items():
        text = '[\n' + ',\n'.join('  ' + json.dumps(c, ensure_ascii=True) for c in cases) + '\n]\n'
        target = os.path.join(make.HERE, name)
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
