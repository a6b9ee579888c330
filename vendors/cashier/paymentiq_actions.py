"""Approve, deny and hold: PaymentIQ's actions on a payment ("approve", "deny", "onhold", Admin API v1, 2023-04).

- No page names the HTTP status of a refusal, only its `errorMessage`, even among the fields of a good reply. So the
  text decides, under any status: two of its openings mean that the payment's state forbids the action.
- No operation lifts a hold. The back office can (pages "Approval Rules" and "Transaction States And Status Codes"), the
  Admin API documents nothing for it, and the first of these pages has a hold lifted before anything is approved.
- There is no idempotency header: the payment's state is the guard. `info` carries the audit id and is read back with
  the payment.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from vendors.cashier.paymentiq_payments import malformed
from vendors.errors import VendorConflictError, VendorRejectedError
from vendors.ports.cashier import WithdrawalAction, WithdrawalCommand
from vendors.ports.source import System

INFO_CHARACTERS = 200
OPERATIONS: Mapping[WithdrawalAction, str] = {
    WithdrawalAction.APPROVE: "approve",
    WithdrawalAction.DENY: "deny",
    WithdrawalAction.HOLD: "onhold",
}
_WRONG_STATE = ("Invalid transaction state", "Invalid transaction status")


class _Refusal(msgspec.Struct, rename="camel"):
    """Why nothing was done, wherever a reply says so."""

    error_message: str | None = None


class Reply(_Refusal, rename="camel"):
    """What an action answers: the payment it was done to."""

    id: int | None = None
    merchant_id: int | str | None = None
    state: str | None = None


def operation_of(command: WithdrawalCommand) -> str:
    """The product's name of the action. Raises VendorRejectedError where it has none, or no such payment."""
    operation = OPERATIONS.get(command.action)
    if operation is None:
        raise VendorRejectedError(System.CASHIER, command.action.value.lower(), "the Admin API documents none")
    if not is_number(command.withdrawal.local) or command.withdrawal.kind != "withdrawal":
        raise VendorRejectedError(System.CASHIER, operation, "not the id of a withdrawal")
    return operation


def body_of(command: WithdrawalCommand, tags: Mapping[str, str]) -> Mapping[str, str]:
    """`tags` maps a reason code to a tag the merchant has defined for the action at PaymentIQ."""
    info = f"{command.reason_code} audit:{command.audit_id}" if command.reason_code else f"audit:{command.audit_id}"
    if len(info) > INFO_CHARACTERS:
        raise VendorRejectedError(System.CASHIER, command.action.value.lower(), "reason and audit id are too long")
    tag = tags.get(command.reason_code or "")
    return {"info": info, "tagId": tag} if tag else {"info": info}


def is_wrong_state(body: bytes) -> bool:
    """Whether a reply refuses because of the payment's state."""
    try:
        refusal = msgspec.json.decode(body, type=_Refusal)
    except msgspec.DecodeError:
        return False
    return (refusal.error_message or "").startswith(_WRONG_STATE)


def check(reply: Reply | None, operation: str, command: WithdrawalCommand, merchant_id: str) -> None:
    """Raises the VendorError of a reply that came as a good one and is none."""
    message = reply.error_message if reply else None
    if message and message.startswith(_WRONG_STATE):
        raise VendorConflictError(System.CASHIER, operation, "errorMessage in a good reply")
    if message or (reply is not None and reply.state == "INCONSISTENT"):  # nobody says that nothing was done
        raise malformed(operation, "a good reply that tells of trouble")
    if reply is None or (str(reply.id), str(reply.merchant_id)) != (command.withdrawal.local, merchant_id):
        raise malformed(operation, "an answer about another payment")


def is_number(local: str) -> bool:
    """Whether it can be a payment's number: an int64."""
    return local.isascii() and local.isdecimal() and len(local) <= 18
