"""The policy: who sees and does what, what one may do alone, which reasons count; a bad file stops the start."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.permissions import CONCEAL, KNOWN_SCOPES, SELF, P
from auth.policy import Policy, ReasonRule, Role
from auth.policy_file import POLICY_FILE, load
from vendors.ports.money import Money, exponent_of

POLICY = load()
STAFF_WITHOUT_PLAYERS = {"content_ops", "market_manager", "management", "administrator"}
IDENTITY = {"kyc_analyst", "aml_analyst", "compliance_officer", "mlro"}
CHECKERS = {"auditor", "regulator"}
SUPPORT = {"support_l1", "support_l2", "support_lead", "vip_host"}
PAYMENTS, RISK = {"payments_agent", "payments_manager"}, {"risk_fraud_analyst", "risk_manager"}
MARKETING = {"crm_manager", "bonus_manager"}
EVERYBODY_WITH_PII = (
    IDENTITY | CHECKERS | SUPPORT | PAYMENTS | RISK | MARKETING | {"rg_officer", "finance", "service_embed"}
)
PSP_DETAIL = EVERYBODY_WITH_PII - {"support_l1", "rg_officer", "service_embed"} - MARKETING | {"analyst"}
WORDS_THAT_CHANGE_NOTHING = ("read", "search", "unmask", "verify", "export", "explain")
FOUR_EYES = [
    "account.status.update", "account.close", "account.reopen", "balance.adjust", "withdrawal.approve.high",
    "payment.reconcile", "payment.refund", "payment.instrument.update", "payment.method.config",
    "payout.routing.update", "kyc.override", "rg.limit.relax", "rg.exclusion.revoke", "risk.action", "bonus.approve",
    "bonus.grant.high", "bonus.forfeit", "provider.availability.update", "market.update",
]  # fmt: skip


def holders(scope: str) -> set[str]:
    """The roles that carry a scope."""
    return {role for role, scopes in POLICY.roles.items() if scope in scopes}


def test_every_role_of_the_vocabulary_is_there_and_no_other() -> None:
    assert list(POLICY.roles) == list(Role)
    assert len(Role) == 29
    assert {"support_l1", "mlro", "service_embed", "player"} <= set(Role)


def test_a_permission_is_spelt_once_and_its_scope_follows() -> None:
    assert P.PLAYER_PII_READ.scopes == [["player.pii.read"]]
    assert P.PAYMENT_PSP_DETAIL_READ.scopes == [["payment.psp.detail.read"]]
    assert {"sar.write", "break.glass", "withdrawal.approve.high", "self"} <= KNOWN_SCOPES
    assert len(KNOWN_SCOPES) == 87 + 2  # those of the vocabulary, `self` and `vendor.explain`
    assert CONCEAL.mask is None


def test_every_permission_is_held_by_somebody_but_three_that_the_operator_must_give() -> None:
    assert {scope for scope in KNOWN_SCOPES if not holders(scope)} == {"rg.config", "round.void", "vendor.raw.read"}


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("player.pii.unmask", IDENTITY),
        ("player.pii.read", EVERYBODY_WITH_PII),
        ("aml.read", IDENTITY | CHECKERS),
        ("aml.write", {"compliance_officer", "mlro"}),
        ("sar.read", {"mlro"}),
        ("sar.write", {"mlro"}),
        ("kyc.document.read", IDENTITY),
        ("kyc.detail.read", IDENTITY | RISK),
        ("kyc.decide", IDENTITY),
        ("kyc.override", {"compliance_officer", "mlro"}),
        ("payment.psp.detail.read", PSP_DETAIL),
        ("withdrawal.approve", PAYMENTS),
        ("withdrawal.approve.high", {"compliance_officer", "mlro", "risk_manager", "finance"}),
        ("withdrawal.review", PAYMENTS | IDENTITY | RISK | {"rg_officer"}),
        ("withdrawal.cancel", {"payments_manager"}),
        ("balance.adjust", {"support_l2", "support_lead", "payments_manager", "finance"}),
        ("payout.routing.update", {"payments_manager"}),
        ("account.close", {"compliance_officer", "mlro", "rg_officer", "risk_manager"}),
        ("rg.detail.read", IDENTITY | CHECKERS | {"rg_officer"}),
        ("rg.exclusion.revoke", {"compliance_officer", "mlro", "rg_officer"}),
        ("risk.detail.read", IDENTITY | CHECKERS | RISK | {"rg_officer"}),
        ("risk.read", IDENTITY | CHECKERS | RISK | PAYMENTS | {"rg_officer"}),
        ("bonus.approve", {"bonus_approver"}),
        ("audit.read", {"compliance_officer", "mlro"} | CHECKERS),
        ("audit.export", CHECKERS),
        ("access.log.read", {"compliance_officer", "mlro"} | CHECKERS),
        ("policy.admin", {"administrator"}),
        ("break.glass", {"administrator"}),
        ("self", {"player"}),
    ],
)  # fmt: skip
def test_the_sensitive_rows_of_the_matrix_are_kept(scope: str, expected: set[str]) -> None:
    assert holders(scope) == expected


@pytest.mark.parametrize("role", ["developer", "analyst", "product", "bonus_approver"])
def test_who_sees_accounts_without_persons_can_reach_no_personal_data(role: str) -> None:
    scopes = POLICY.roles[role]
    assert "player.read" in scopes
    assert (
        not {"player.pii.read", "player.pii.unmask", "player.search", "payment.instrument.read", "ticket.read"} & scopes
    )


@pytest.mark.parametrize("role", sorted(STAFF_WITHOUT_PLAYERS | {"service_frontend"}))
def test_who_has_no_business_with_players_sees_none(role: str) -> None:
    about_players = {
        s for s in KNOWN_SCOPES if s.startswith(("player.", "account.", "balance.", "kyc.", "aml.", "sar."))
    }
    assert not (about_players | {"payment.read", "ticket.read", "crm.read", "risk.read"}) & POLICY.roles[role]


@pytest.mark.parametrize("role", ["auditor", "regulator", "analyst", "developer", "management", "service_frontend"])
def test_who_only_looks_changes_nothing(role: str) -> None:
    assert [scope for scope in POLICY.roles[role] if not scope.endswith(WORDS_THAT_CHANGE_NOTHING)] == []


@pytest.mark.parametrize("role", ["service_frontend", "service_embed"])
def test_a_service_cannot_approve_or_move_money(role: str) -> None:
    forbidden = {
        s for s in KNOWN_SCOPES if "approv" in s or s.startswith(("withdrawal.", "balance.adjust", "bonus.grant"))
    }
    assert not forbidden & POLICY.roles[role]
    assert POLICY.roles["service_embed"] < POLICY.roles["support_l1"]


def test_the_same_role_never_drafts_and_approves_a_bonus_or_writes_policy_and_acts() -> None:
    assert not holders("bonus.draft") & holders("bonus.approve")
    assert not holders("policy.admin") & (holders("approval.decide") | holders("player.read"))
    assert not holders("withdrawal.approve") & holders("kyc.decide")


@pytest.mark.parametrize("scope", FOUR_EYES)
def test_what_needs_a_second_person_has_one_who_may_decide(scope: str) -> None:
    assert holders(scope) & holders("approval.decide")


def test_a_player_carries_the_mark_of_his_own_fields_and_no_scope_of_the_staff() -> None:
    assert POLICY.roles["player"] == {"self"}
    assert (P.BALANCE_READ | SELF).allows(POLICY.scopes_of(frozenset({"player"})))
    assert not any(SELF.allows(scopes) for role, scopes in POLICY.roles.items() if role != "player")


def test_roles_add_up_and_an_unknown_one_carries_nothing() -> None:
    both = POLICY.scopes_of(frozenset({"support_l1", "content_ops"}))
    assert both == POLICY.roles["support_l1"] | POLICY.roles["content_ops"]
    assert POLICY.scopes_of(frozenset({"no-such-role"})) == POLICY.scopes_of(frozenset()) == frozenset()


@pytest.mark.parametrize(
    ("role", "currency", "most"),
    [
        ("payments_agent", "EUR", 200_000),
        ("payments_manager", "EUR", 1_000_000),
        ("payments_agent", "GBP", 170_000),
        ("payments_agent", "SEK", 2_200_000),
        ("payments_agent", "DKK", 1_500_000),
        ("payments_manager", "USD", 1_100_000),
    ],
)
def test_one_person_approves_up_to_the_threshold_and_not_a_minor_unit_more(role: str, currency: str, most: int) -> None:
    roles = frozenset({role})
    assert POLICY.may_alone(roles, "withdrawal.approve", currency, most)
    assert not POLICY.may_alone(roles, "withdrawal.approve", currency, most + 1)


@pytest.mark.parametrize("role", sorted({*Role} - PAYMENTS))
def test_a_role_without_a_line_approves_no_payout_alone(role: str) -> None:
    assert not POLICY.may_alone(frozenset({role}), "withdrawal.approve", "EUR", 0)


def test_a_currency_an_action_or_a_sign_that_the_policy_does_not_list_is_above_the_threshold() -> None:
    manager = frozenset({"payments_manager"})
    assert not POLICY.may_alone(manager, "withdrawal.approve", "JPY", 1)
    assert not POLICY.may_alone(manager, "withdrawal.approve", "eur", 1)
    assert not POLICY.may_alone(manager, "payout.routing.update", "EUR", 1)
    assert not POLICY.may_alone(manager, "withdrawal.approve", "EUR", -1)
    assert not POLICY.may_alone(frozenset(), "withdrawal.approve", "EUR", 1)


def test_of_several_roles_the_widest_threshold_counts() -> None:
    assert POLICY.may_alone(frozenset({"payments_agent", "payments_manager"}), "withdrawal.approve", "EUR", 999_999)


def test_new_jerseys_figure_for_adjustments_is_not_exceeded() -> None:
    assert max(line["USD"] for line in POLICY.thresholds["balance.adjust"].values()) <= 50_000


def test_thresholds_count_minor_units_as_the_vendors_amounts_do() -> None:
    agent = POLICY.thresholds["withdrawal.approve"]["payments_agent"]
    assert set(agent) == {"EUR", "GBP", "SEK", "DKK", "USD"}
    assert agent["EUR"] == Money.from_decimal("2000.00", "EUR").amount_minor
    assert {exponent_of(currency) for currency in agent} == {2}


@given(st.integers(min_value=-(10**12), max_value=10**12), st.sampled_from(["EUR", "GBP", "SEK", "DKK", "USD", "JPY"]))
def test_whoever_may_sign_an_amount_may_sign_less(amount: int, currency: str) -> None:
    manager = frozenset({"payments_manager"})
    if POLICY.may_alone(manager, "withdrawal.approve", currency, amount):
        assert POLICY.may_alone(manager, "withdrawal.approve", currency, amount // 2)


@pytest.mark.parametrize(
    ("action", "rule"),
    [
        ("withdrawal.approve", ReasonRule.REQUIRED),
        ("withdrawal.deny", ReasonRule.REQUIRED_WITH_NOTE),
        ("withdrawal.hold", ReasonRule.REQUIRED),
        ("withdrawal.release", ReasonRule.REQUIRED),
        ("account.restrict", ReasonRule.REQUIRED),
        ("player.note.add", ReasonRule.OPTIONAL),
        ("ticket.create", ReasonRule.OPTIONAL),
        ("ticket.comment.add", ReasonRule.OPTIONAL),
    ],
)
def test_an_action_asks_the_reason_that_the_vocabulary_says(action: str, rule: ReasonRule) -> None:
    assert POLICY.reasons(action).reason is rule


@pytest.mark.parametrize(
    ("action", "code", "note", "words"),
    [
        ("withdrawal.deny", "KYC_FAILED", "passport expired", None),
        ("withdrawal.deny", "KYC_FAILED", None, "requires a note"),
        ("withdrawal.deny", "KYC_FAILED", " \n", "requires a note"),
        ("withdrawal.deny", None, "because", "is required"),
        ("withdrawal.deny", "", "because", "is required"),
        ("withdrawal.deny", "SOF", "because", "must be one of KYC_FAILED"),
        ("withdrawal.hold", "SOF", None, None),
        ("withdrawal.release", "HELD_IN_ERROR", None, "requires a note"),
        ("account.restrict", "OTHER", None, "requires a note"),
        ("player.note.add", None, None, None),
        ("player.note.add", "COMPLAINT", None, None),
        ("ticket.create", "nonsense", None, "must be one of"),
    ],
)
def test_a_reason_is_judged_by_its_actions_rule(
    action: str, code: str | None, note: str | None, words: str | None
) -> None:
    problem = POLICY.reason_problem(action, code, note)
    assert problem is None if words is None else words in (problem or "")


def test_a_refused_reason_is_not_repeated() -> None:
    assert "4111111111111111" not in (POLICY.reason_problem("withdrawal.hold", "4111111111111111", None) or "")


def test_an_action_that_the_policy_does_not_know_is_an_error_and_not_a_yes() -> None:
    with pytest.raises(LookupError, match=r"withdrawal\.burn"):
        POLICY.reason_problem("withdrawal.burn", "OTHER", "x")


def test_no_reason_that_hints_at_suspicion_may_be_told_to_the_player() -> None:
    told = {code.code for reasons in POLICY.reason_codes.values() for code in reasons.codes if code.player_safe}
    assert not [
        code for code in told if any(word in code for word in ("AML", "FRAUD", "RISK", "SANCTION", "COMPLIANCE"))
    ]


def test_a_payout_cannot_be_held_for_a_reason_of_responsible_gambling() -> None:
    held = {code.code for code in POLICY.reasons("withdrawal.hold").codes}
    assert held == {"DOCS_PENDING", "RISK_REVIEW", "SOF", "JACKPOT"}


def test_the_version_is_the_files_own_digest() -> None:
    assert POLICY.version == hashlib.sha256(POLICY_FILE.read_bytes()).hexdigest()[:12]


SMALL = """
roles:
  payments_agent: {sees: [payment.read], does: [withdrawal.approve]}
  player: {sees: [self], does: []}
currencies: {EUR: 2, JPY: 0}
thresholds:
  withdrawal.approve: {payments_agent: [20.5 EUR, 3000 JPY]}
reason_codes:
  withdrawal.hold: {reason: REQUIRED, codes: [{code: SOF, player_safe: true, note: false}]}
  ticket.create: {reason: NONE, codes: []}
own_accounts: {agent-17: ["player:acme:s-001"]}
"""


def written(folder: Path, text: str) -> Policy:
    """A policy from another file."""
    file = folder / "policy.yaml"
    file.write_text(text)
    return load(file)


def test_another_file_is_read_as_it_stands(tmp_path: Path) -> None:
    policy = written(tmp_path, SMALL)
    assert policy.thresholds == {"withdrawal.approve": {"payments_agent": {"EUR": 2050, "JPY": 3000}}}
    assert policy.is_own_account("agent-17", "player:acme:s-001")
    assert not policy.is_own_account("agent-17", "player:acme:s-002")
    assert not policy.is_own_account("agent-18", "player:acme:s-001")
    assert policy.reason_problem("ticket.create", "SOF", None) == "This action takes no reason code."
    assert policy.reason_problem("ticket.create", None, None) is None
    assert policy.version != POLICY.version


def test_nobody_has_an_own_account_out_of_the_box() -> None:
    assert not POLICY.own_accounts


@pytest.mark.parametrize(
    ("good", "bad", "names"),
    [
        ("payment.read", "payment.reed", r"roles\.payments_agent: no such permission: payment\.reed"),
        ("  payments_agent: {sees", "  payment_agent: {sees", r"roles\.payment_agent: no such role"),
        ("sees: [payment.read]", "sees: payment.read", r"roles\.payments_agent: Expected `array`, got `str`"),
        ("does: [withdrawal.approve]", "dose: []", r"roles\.payments_agent: .*`dose`"),
        ("[payment.read]", "[payment.read, self]", r"roles\.payments_agent: self is all that a player carries"),
        ("sees: [self]", "sees: [self, player.read]", r"roles\.player: self is all that a player carries"),
        ("sees: [self]", "sees: []", r"roles\.player: self is all that a player carries"),
        ("  player:", "  payments_agent:", r"line \d+: written twice: payments_agent"),
        ("thresholds:", "treshold:", "treshold"),
        ("  withdrawal.approve: {pay", "  withdrawal.aprove: {pay", r"thresholds\.withdrawal\.aprove: no such"),
        ("{payments_agent: [20", "{player: [20", r"thresholds\.withdrawal\.approve\.player: .*does not hold"),
        ("20.5 EUR", "20,5 EUR", r"thresholds\.withdrawal\.approve\.payments_agent: Expected `str`|'20"),
        ("20.5 EUR", "20.555 EUR", r"payments_agent: '20\.555 EUR' has more digits than EUR"),
        ("20.5 EUR", "-5 EUR", r"payments_agent: '-5 EUR' is not an amount"),
        ("20.5 EUR", "20 XYZ", r"payments_agent: '20 XYZ': XYZ is not among the currencies"),
        ("3000 JPY", "3000 EUR", r"payments_agent: a currency has two amounts"),
        ("{EUR: 2,", "{EUR: -2,", "currencies"),
        ("reason: REQUIRED", "reason: MAYBE", r"reason_codes\.withdrawal\.hold: .*MAYBE"),
        ("player_safe: true", "player_save: true", r"reason_codes\.withdrawal\.hold: .*player_save"),
        ("reason: NONE", "reason: OPTIONAL", r"reason_codes\.ticket\.create: OPTIONAL needs codes"),
        ("reason: REQUIRED", "reason: NONE", r"reason_codes\.withdrawal\.hold: NONE takes no codes"),
        ("ticket.create", "TICKET_CREATE", r"reason_codes\.TICKET_CREATE: "),
        ("player:acme:s-001", "s-001", r"own_accounts\.agent-17: not a player's id .*s-001"),
        ("roles:", "roles: [", r"line \d+"),
        ("roles:\n  payments_agent", "rolls:\n  payments_agent", "rolls|roles"),
    ],
)  # fmt: skip
def test_a_broken_file_stops_the_start_and_names_the_key(tmp_path: Path, good: str, bad: str, names: str) -> None:
    assert good in SMALL
    with pytest.raises(ValueError, match=names) as stopped:
        written(tmp_path, SMALL.replace(good, bad, 1))
    assert str(stopped.value).startswith("policy.yaml: ")


@pytest.mark.parametrize("text", ["", "- a list", "roles: null"])
def test_a_file_that_is_no_policy_stops_the_start_and_names_the_file(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match=r"^policy\.yaml: "):
        written(tmp_path, text)
