"""What is read of a bonus engine that keeps the contract of docs/contracts/bonus.yaml."""

from __future__ import annotations

from vendors.bonus.reference import MOST_PLAYERS, OPERATION, PATH
from vendors.declared import Call, Declared, Document, Read
from vendors.reference.declared import EVENTS

DECLARED = Declared(
    documents=(Document("`docs/contracts/bonus.yaml` 1.1.0, the contract an in-house engine implements", "our own"),),
    reads=(
        Read(
            port="grants",
            calls=(Call(OPERATION, "POST", PATH),),
            keys=MOST_PLAYERS,
            remark="players of one brand",
            fields={"`bonusGrants` (all fields)": "the grant as the contract writes it"},
        ),
    ),
    webhooks=EVENTS,
    throttled="429 with `Retry-After`",
    assumptions=("The contract is ours: an engine that joins implements it as it stands.",),
)
