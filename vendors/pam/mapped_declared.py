"""What is read of a PAM by its mapping file: all that the file names, and nothing that it does not."""

from __future__ import annotations

from vendors.declared import Call, Declared, Document, Read, Write

_MOST = "as the file says"

DECLARED = Declared(
    documents=(
        Document("the operator's own API, by a mapping file ([in-house](in-house.md))", "no document is behind it"),
    ),
    notes=(
        "Addresses, keys a call, words and writes are what the file says ([example](mapping.example.yaml)). A read, a"
        " write or a criterion that it does not name is refused with UNSUPPORTED_BY_VENDOR, without a call."
    ),
    reads=(
        Read(port="players", calls=(Call("players"),), keys=_MOST),
        Read(port="balances", calls=(Call("balances"),), keys=_MOST),
        Read(port="responsible_gambling", calls=(Call("responsible_gambling"),), keys=_MOST),
        Read(port="open_rounds", calls=(Call("open_rounds"),), keys=_MOST),
        Read(port="rounds", calls=(Call("rounds"),), pages="the file's `limit`, by instant"),
        Read(port="search", calls=(Call("search"),), pages="page and limit by the file's names"),
        Read(port="identified", calls=(Call("players"),), keys=_MOST, remark="of every brand that the file names"),
    ),
    writes=(
        Write(
            port="restrict",
            mutation="restrictAccount",
            calls=(Call("restrict"),),
            first=(Call("players"),),
            read_back="where the file puts `{audit_id}`",
            remark="native where the file names an idempotency header. A profile is read first where calls do not"
            " say the brand",
        ),
        Write(
            port="add_note",
            mutation="addPlayerNote",
            calls=(Call("add_note"),),
            first=(Call("players"),),
            read_back="where the file puts `{audit_id}`",
            remark="the same",
        ),
    ),
)
