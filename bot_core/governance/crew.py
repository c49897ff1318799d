"""Who is who: people, services and their keys by the policy, less what revocations took away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot_core.governance import sshsig
from bot_core.governance.reasons import Refused

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from bot_core.documents.policy import Person, Policy, PublicKey, Service
    from bot_core.governance.sshsig import Signature


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A key (its blob) or a person that counts no more, from `since` on."""

    since: dt.datetime
    key: bytes | None = None
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Crew:
    """The policy's people and services, and what was withdrawn."""

    policy: Policy
    withdrawn: Sequence[Withdrawn] = ()

    def key_of(self, name: str, signature: Signature, at: dt.datetime, path: str) -> tuple[Person | Service, PublicKey]:
        """Find whose key made a signature and prove that it counted at a time.

        Raises:
            Refused: SIG-UNKNOWN-KEY, SIG-EXPIRED-KEY, SIG-REVOKED or SIG-NO-TOUCH.
        """
        owner, key = self._owner(name, signature, path)
        if not (key.valid_from <= at and (key.valid_until is None or at < key.valid_until)):
            span = f"{key.valid_from:%Y-%m-%d} to {f'{key.valid_until:%Y-%m-%d}' if key.valid_until else 'now'}"
            message = f"{path}: expected a key of {name} that is valid at {at:%Y-%m-%dT%H:%M:%SZ}, got one valid from {span}"
            raise Refused("SIG-EXPIRED-KEY", path, message, "bot-core policy propose a new key, and sign again with it")
        self._refuse_withdrawn(name, signature.key, at, path)
        if key.require_touch and not signature.touched:
            message = f"{path}: expected a signature for which {name} touched the key, got one made without touch"
            raise Refused("SIG-NO-TOUCH", path, message, "sign again and touch the key; make keys without -O no-touch-required")
        return owner, key

    def _owner(self, name: str, signature: Signature, path: str) -> tuple[Person | Service, PublicKey]:
        owners: list[Person | Service] = [*self.policy.people, *self.policy.services]
        for owner in owners:
            for key in owner.keys if owner.name == name else ():
                if sshsig.key_blob(key.public) == signature.key:
                    return owner, key
        known = "no such person" if all(owner.name != name for owner in owners) else f"none of {name}'s keys"
        message = f"{path}: expected a key that the policy gives {name}, got {sshsig.fingerprint(signature.key)} ({known})"
        raise Refused("SIG-UNKNOWN-KEY", path, message, "bot-core policy propose, signed by the root quorum, adds people and keys")

    def _refuse_withdrawn(self, name: str, blob: bytes, at: dt.datetime, path: str) -> None:
        for gone in self.withdrawn:
            if gone.since <= at and (gone.key == blob or gone.person == name):
                what = "the key" if gone.key else "the person"
                message = (
                    f"{path}: expected a signer that counts, got {name}: {what} is revoked since {gone.since:%Y-%m-%dT%H:%M:%SZ}"
                )
                raise Refused("SIG-REVOKED", path, message, "somebody else must sign")
