"""Tokens of an OpenID provider: whose are taken, and a list of attacks of which none is."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from auth.identity import ANONYMOUS, Identity, IdentityUnavailable, InvalidToken, Principal
from auth.jwks import BETWEEN_FETCHES_SECONDS, FRESH_SECONDS, KEPT_SECONDS, KeySet
from auth.oidc import OidcIssuer
from auth.tokens import Claims, Rules

ISSUER, AUDIENCE = "https://login.operator.example", "player-graph"
RULES = Rules(ISSUER, AUDIENCE, ("RS256", "ES256", "EdDSA"), claims=Claims(roles="realm_access.roles"))
RSA, EC, ED = (
    rsa.generate_private_key(65537, 2048),
    ec.generate_private_key(ec.SECP256R1()),
    ed25519.Ed25519PrivateKey.generate(),
)
STRANGER = rsa.generate_private_key(65537, 2048)
MAKERS: dict[str, tuple[Any, Any]] = {
    "RS256": (RSAAlgorithm, RSA),
    "ES256": (ECAlgorithm, EC),
    "EdDSA": (OKPAlgorithm, ED),
}


def published(*algorithms: str) -> list[dict[str, Any]]:
    def one(algorithm: str) -> dict[str, Any]:
        maker, key = MAKERS[algorithm]
        return {**maker.to_jwk(key.public_key(), as_dict=True), "kid": f"key-{algorithm}", "use": "sig"}

    return [one(algorithm) for algorithm in algorithms]


class Provider:
    """An OpenID provider's two documents, counted; `down` makes it fail, `gate` makes it wait."""

    def __init__(self, *algorithms: str) -> None:
        self.keys, self.fetched, self.down, self.issuer = published(*algorithms or MAKERS), 0, False, ISSUER
        self.gate = asyncio.Event()
        self.gate.set()
        self.now = 1000.0

    async def fetch(self, url: str) -> bytes:
        await self.gate.wait()
        if self.down:
            raise ConnectionError
        if url == ISSUER + "/.well-known/openid-configuration":
            return json.dumps({"issuer": self.issuer, "jwks_uri": ISSUER + "/keys"}).encode()
        assert url == ISSUER + "/keys"
        self.fetched += 1
        return json.dumps({"keys": self.keys}).encode()

    def identity(self, rules: Rules = RULES) -> Identity:
        return Identity([OidcIssuer(rules, KeySet(ISSUER, self.fetch, lambda: self.now))])


def claims(**others: Any) -> dict[str, Any]:
    now = int(time.time())
    usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": "anna", "iat": now, "exp": now + 300,
             "realm_access": {"roles": ["support_l1"]}, "brands": ["acme"]}  # fmt: skip
    return {name: value for name, value in {**usual, **others}.items() if value is not ...}


def token(algorithm: str = "RS256", key: Any = None, said: Any = None, **header: Any) -> str:
    head = {"typ": "at+jwt", "kid": f"key-{algorithm}", **header}
    return jwt.encode(said or claims(), key or MAKERS[algorithm][1], algorithm, headers=head)


async def judged(text: str, provider: Provider | None = None) -> Principal:
    return await (provider or Provider()).identity().principal(f"Bearer {text}")


@pytest.mark.parametrize("algorithm", list(MAKERS))
async def test_a_token_of_the_provider_is_taken(algorithm: str) -> None:
    who = await judged(token(algorithm))
    assert who == Principal("anna", frozenset({"support_l1"}), frozenset({"acme"}))


async def test_no_token_is_nobody() -> None:
    assert await Provider().identity().principal(None) is ANONYMOUS


@pytest.mark.parametrize(
    ("said", "scope"),
    [("player.read kyc.status.read", {"player.read", "kyc.status.read"}), (["a"], {"a"}), ("", set())],
)
async def test_a_token_may_say_what_it_is_limited_to(said: Any, scope: set[str]) -> None:
    assert (await judged(token(said=claims(scope=said)))).scope == frozenset(scope)


async def test_a_namespaced_claim_is_found_by_its_whole_name() -> None:
    rules = Rules(ISSUER, AUDIENCE, ("RS256",), claims=Claims(roles="https://op.example/roles"))
    text = token(said=claims(**{"https://op.example/roles": ["developer"]}))
    assert (await Provider().identity(rules).principal(f"Bearer {text}")).roles == {"developer"}


def unsigned(header: dict[str, Any], said: dict[str, Any], signature: bytes = b"x") -> str:
    def part(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    return ".".join(part(value) for value in (json.dumps(header).encode(), json.dumps(said).encode(), signature))


def twice(name: str, value: str) -> str:
    """A token whose payload says one name twice, properly signed."""
    body = json.dumps(claims())[:-1] + f', "{name}": {value}}}'
    return jwt.api_jws.encode(body.encode(), RSA, "RS256", headers={"typ": "at+jwt", "kid": "key-RS256"})


PUBLIC = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
USUAL = {"alg": "RS256", "typ": "at+jwt", "kid": "key-RS256"}


def confused() -> str:
    """Signed with HMAC, the provider's public key as the secret."""
    whole = unsigned({**USUAL, "alg": "HS256"}, claims()).rpartition(".")[0]
    signature = hmac.new(PUBLIC, whole.encode(), hashlib.sha256).digest()
    return whole + "." + base64.urlsafe_b64encode(signature).rstrip(b"=").decode()


ATTACKS = {
    "no algorithm": unsigned({**USUAL, "alg": "none"}, claims()),
    "no algorithm, spelt otherwise": unsigned({**USUAL, "alg": "nOnE"}, claims()),
    "no algorithm and no signature": unsigned({**USUAL, "alg": "none"}, claims(), b""),
    "HMAC with the public key": confused(),
    "a stranger's key": token(key=STRANGER),
    "a stranger's key by its address": token(key=STRANGER, jku="https://evil.example/keys", kid="evil"),
    "a stranger's certificate by its address": token(key=STRANGER, x5u="https://evil.example/cert"),
    "a stranger's key in the header": token(
        key=STRANGER, jwk=RSAAlgorithm.to_jwk(STRANGER.public_key(), as_dict=True), kid="evil"
    ),
    "a key id that is a path": token(kid="../../etc/passwd"),
    "a key id that is SQL": token(kid="x' OR '1'='1"),
    "a key id that is no text": unsigned({**USUAL, "kid": ["key-RS256"]}, claims()),
    "another algorithm's key": token("ES256", kid="key-RS256"),
    "expired": token(said=claims(exp=int(time.time()) - 60)),
    "not yet valid": token(said=claims(nbf=int(time.time()) + 600)),
    "without an end": token(said=claims(exp=...)),
    "without a subject": token(said=claims(sub=...)),
    "an empty subject": token(said=claims(sub="")),
    "another issuer": token(said=claims(iss="https://login.evil.example")),
    "another audience": token(said=claims(aud="shop")),
    "no audience": token(said=claims(aud=...)),
    "an ID token": token(typ="JWT"),
    "an ID token by name": token(typ="id+jwt"),
    "no type": token(typ=None),
    "a claim twice": twice("sub", '"root"'),
    "roles twice": twice("realm_access", '{"roles": ["compliance_officer"]}'),
    "roles that are a text": token(said=claims(realm_access={"roles": "mlro"})),
    "roles that are numbers": token(said=claims(realm_access={"roles": [1]})),
    "a player who is also staff": token(
        said=claims(realm_access={"roles": ["player", "mlro"]}, player="player:acme:s-001")
    ),
    "a player who is nobody": token(said=claims(realm_access={"roles": ["player"]})),
    "a megabyte": token(said=claims(note="x" * 1_000_000)),
    "padded": token() + "=",
    "with a space": token() + " ",
    "of the other alphabet": token().replace("-", "+").replace("_", "/") + "/",
    "two parts": ".".join(token().split(".")[:2]),
    "four parts": token() + ".x",
    "no token": "",
    "not text": "\udce9.\udce9.\udce9",
    "critical and unknown": token(crit=["x"], x=1),
    "encrypted": unsigned({"alg": "RSA-OAEP", "enc": "A256GCM", "typ": "at+jwt"}, claims()),
    "nested deeply": ".".join([unsigned(USUAL, {}).split(".")[0], base64.urlsafe_b64encode(b"[" * 6000).decode(), "x"]),
}  # fmt: skip


@pytest.mark.parametrize("attack", list(ATTACKS))
async def test_no_attack_is_taken(attack: str) -> None:
    with pytest.raises(InvalidToken):
        await judged(ATTACKS[attack])


async def test_a_token_that_was_changed_is_not_taken() -> None:
    head, _, signature = token().split(".")
    other = base64.urlsafe_b64encode(json.dumps(claims(sub="root")).encode()).rstrip(b"=").decode()
    with pytest.raises(InvalidToken):
        await judged(f"{head}.{other}.{signature}")


async def test_the_keys_are_read_once_for_all_who_wait() -> None:
    provider = Provider()
    identity = provider.identity()
    provider.gate.clear()
    waiting = [asyncio.create_task(identity.principal(f"Bearer {token(said=claims(sub=str(n)))}")) for n in range(20)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    provider.gate.set()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(answer) for answer in answers] == [asyncio.CancelledError, *[Principal] * 19]
    assert provider.fetched == 1


async def test_a_new_key_is_found_at_once_and_a_stranger_cannot_make_us_ask_on() -> None:
    provider = Provider("ES256")
    identity = provider.identity()
    await identity.principal(f"Bearer {token('ES256')}")
    provider.keys, provider.now = published("ES256", "EdDSA"), provider.now + BETWEEN_FETCHES_SECONDS
    assert (await identity.principal(f"Bearer {token('EdDSA')}")).subject == "anna"
    assert provider.fetched == 2
    for n in range(50):
        with pytest.raises(InvalidToken):
            await identity.principal(f"Bearer {token('EdDSA', kid=f'bogus-{n}')}")
    assert provider.fetched == 2


async def test_a_key_that_is_withdrawn_no_longer_counts() -> None:
    provider = Provider("ES256", "EdDSA")
    identity = provider.identity()
    await identity.principal(f"Bearer {token('EdDSA')}")
    provider.keys, provider.now = published("ES256"), provider.now + FRESH_SECONDS + 1
    with pytest.raises(InvalidToken):
        await identity.principal(f"Bearer {token('EdDSA', said=claims(sub='bert'))}")


async def test_keys_at_hand_count_while_the_provider_is_out_but_not_for_ever() -> None:
    provider = Provider()
    identity = provider.identity()
    await identity.principal(f"Bearer {token()}")
    provider.down, provider.now = True, provider.now + FRESH_SECONDS + 1
    assert (await identity.principal(f"Bearer {token(said=claims(sub='bert'))}")).subject == "bert"
    provider.now += KEPT_SECONDS
    with pytest.raises(IdentityUnavailable):
        await identity.principal(f"Bearer {token(said=claims(sub='carl'))}")


async def test_without_any_keys_nobody_is_refused_for_good() -> None:
    provider = Provider()
    provider.down = True
    with pytest.raises(IdentityUnavailable):
        await judged(token(), provider)


async def test_a_document_of_another_issuer_is_not_believed() -> None:
    provider = Provider()
    provider.issuer = "https://login.evil.example"
    with pytest.raises(IdentityUnavailable):
        await judged(token(), provider)


async def test_keys_to_encrypt_secret_keys_and_unknown_kinds_are_left_out() -> None:
    provider = Provider("RS256")
    provider.keys = [{**provider.keys[0], "use": "enc"}, {"kty": "oct", "k": "c2VjcmV0", "kid": "s"}, {"kty": "new"}]
    with pytest.raises(InvalidToken):
        await judged(token(), provider)


async def test_a_judged_token_is_remembered_but_never_beyond_its_end() -> None:
    now = time.time()
    provider = Provider()
    issuer = OidcIssuer(RULES, KeySet(ISSUER, provider.fetch, lambda: provider.now))
    moments = iter([now + 10, now + 20])
    identity = Identity([issuer], clock=lambda: next(moments))
    text = f"Bearer {token(said=claims(exp=int(now) + 20))}"
    first = await identity.principal(text)
    assert await identity.principal(text) is first
    assert await identity.principal(text) is not first
