"""What opens a PAM that is described by a mapping file, and its adapter put together."""

from __future__ import annotations

from pathlib import Path

from vendors.pam.mapped import MappedPam
from vendors.pam.mapped_calls import Calls
from vendors.pam.mapping import load
from vendors.product import Access, Secret, Site, always


class MappedAccess(Access, frozen=True):
    """A token, sent as the file says, and the file itself, by its path."""

    token: Secret
    mapping: str
    vendor: str = "PAM"


def connect(access: MappedAccess, site: Site) -> MappedPam:
    """The PAM. Raises BadMapping, which names file and line."""
    mapped = load(Path(access.mapping))
    client = site.client(always({mapped.header: mapped.prefix + access.token.reveal()}))
    return MappedPam(Calls(client, mapped), mapped, access.vendor, site.clock)
