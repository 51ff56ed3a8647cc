"""Entries of the log without whose they are, for learning from all users."""

from collections import Counter
from collections.abc import Sequence

from memory.interactions.log import Redact, redacted_parts
from memory.interactions.records import Feedback, Interaction, LoggedInteraction
from memory.owner import Owner


class Anonymous:
    """Takes the names of users out of entries, and what today's redaction finds in texts that an earlier one left.

    In place of the user stands a number, the same in all entries that one `Anonymous` was given and another in the
    next. Nothing of what was taken out is kept but how many entries each user had.
    """

    def __init__(self, redact: Redact) -> None:
        self._redact = redact
        self._numbers: dict[Owner, int] = {}
        self.entries: Counter[Owner] = Counter()
        """How many entries of each user there were."""

    def __call__(self, batch: Sequence[LoggedInteraction]) -> list[LoggedInteraction]:
        """The entries so that they name nobody; computes for a while."""
        return [self._without_names(one) for one in batch]

    def _without_names(self, one: LoggedInteraction) -> LoggedInteraction:
        owner = Owner(one.user_id, one.tenant_id)
        self.entries[owner] += 1
        number = self._numbers.setdefault(owner, len(self._numbers) + 1)
        said = redacted_parts(one.interaction, self._redact)
        return one.model_copy(
            update={
                "tenant_id": "",
                "user_id": f"user {number}",
                "interaction": Interaction.model_validate(said),
                "feedback": tuple(self._feedback(each) for each in one.feedback),
            }
        )

    def _feedback(self, said: Feedback) -> Feedback:
        texts = self._redact({"comment": said.comment, "correction": said.correction})
        return said.model_copy(update=texts) if isinstance(texts, dict) else said
