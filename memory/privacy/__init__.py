"""Keeping what is remembered from those it is none of the business of: redaction, encryption at rest, an audit trail."""

from memory.privacy.audit import AuditEntry, AuditTrail, write_note
from memory.privacy.chain import AuditChain
from memory.privacy.finding import find, prepare
from memory.privacy.keys import DataKeys, MasterCipher, Rotation
from memory.privacy.kinds import DataKind, Finding, NameRecogniser
from memory.privacy.names import ListedNames, open_names
from memory.privacy.redaction import Redacted, Redactor, redacted_json
from memory.privacy.sealing import Opener, Sealer, is_sealed
from memory.privacy.services import keep_rules_in
from memory.privacy.settings import PrivacySettings
from memory.privacy.vault import Restored, Vault

__all__ = [
    "AuditChain",
    "AuditEntry",
    "AuditTrail",
    "DataKeys",
    "DataKind",
    "Finding",
    "ListedNames",
    "MasterCipher",
    "NameRecogniser",
    "Opener",
    "PrivacySettings",
    "Redacted",
    "Redactor",
    "Restored",
    "Rotation",
    "Sealer",
    "Vault",
    "find",
    "is_sealed",
    "keep_rules_in",
    "open_names",
    "prepare",
    "redacted_json",
    "write_note",
]
