"""What is remembered of a user, behind all doors: recalled, read, corrected, forgotten, taken in, given out and erased."""

import asyncio
import os
import tempfile
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from app.memory_privacy import PrivacyService
from app.memory_projects import ProjectService
from app.memory_short import Counter as TokenCounter
from app.memory_short import short_items
from app.memory_status import MemoryStatus, count_memory
from app.problems import ProblemError, problem
from app.runs import RunStore
from app.runs.records import GOING_ON, ArtifactView
from memory import (
    ConversationMemory,
    Database,
    Degraded,
    Kind,
    Message,
    Owner,
    ProjectStore,
    Recalled,
    Recaller,
    RecallFilter,
    Recollection,
    Record,
    RecordsInCommand,
    RecordState,
    Scope,
    ThreadStore,
    Tier,
    UnknownRecord,
    Withdraw,
    at_hand,
)
from memory.history import (
    Eraser,
    ErasureReceipt,
    ForgottenMessage,
    HistoryExporter,
    HistoryImporter,
    ImportReport,
    MessageForgetter,
    Users,
)
from memory.interactions import ExportFormat, Feedback, Interaction, InteractionStore
from memory.privacy import AuditTrail, Redactor, Vault
from memory.records import RecordStore

Thumb = Literal["up", "down"]
_OF_THUMBS: Mapping[Thumb, int] = {"up": 5, "down": 1}
_INDIFFERENT, _FARTHEST = 3, 2  # a rating of 3 says nothing; 1 and 5 are as far from it as can be


class MemoryService:
    """Every method is for one owner, and notes in his audit trail what it read or changed.

    Raises ProblemError, or errors that `app.errors.as_problem` knows.
    """

    def __init__(
        self,
        *,
        database: Database,
        threads: ThreadStore,
        conversation: ConversationMemory,
        recaller: Recaller,
        records: RecordStore,
        projects: ProjectStore,
        importer: HistoryImporter,
        exporter: HistoryExporter,
        eraser: Eraser,
        forgetter: MessageForgetter,
        interactions: InteractionStore,
        audit: AuditTrail,
        runs: RunStore,
        vault: Vault,
        count: TokenCounter,
        redactor: Redactor | None = None,
        arrived: Callable[[], None] = lambda: None,
    ) -> None:
        """`count` gives tokens as recall counts them; `arrived` is called when messages were imported, which are to be embedded and consolidated."""
        self._database = database
        self._threads = threads
        self._conversation = conversation
        self._recaller = recaller
        self._records = records
        self._own = RecordsInCommand(records, audit)
        self.withdraw: Withdraw = records.withdraw
        """Deletes what messages alone taught, within the transaction that deletes them."""
        self._projects = projects
        self.projects = ProjectService(projects, audit)
        self._importer = importer
        self._exporter = exporter
        self._eraser = eraser
        self._forgetter = forgetter
        self._interactions = interactions
        self._audit = audit
        self._runs = runs
        self.privacy = PrivacyService(vault, audit, redactor or Redactor())
        self._count = count
        self._arrived = arrived

    async def recall(
        self,
        owner: Owner,
        query: str,
        *,
        budget: int,
        wanted: RecallFilter,
        thread_id: str | None = None,
    ) -> Recollection:
        """What a turn with this message would recall, within `budget` tokens; with a thread, one that continues it.

        Of a thread comes first, beside the budget and where the short tier is wanted, what it is given of it.
        The project is the thread's where none is wanted. Raises UnknownThread, UnknownProject.
        """
        beside: list[Recalled] = []
        away: tuple[Degraded, ...] = ()
        if thread_id is not None:
            thread = await self._threads.get(owner, thread_id)
            scope = Scope(thread_id=thread_id, tenant_id=owner.tenant_id, user_id=owner.user_id)
            carried = await self._conversation.carried(scope)
            away = carried.degraded
            wanted = replace(
                wanted,
                project_id=wanted.project_id or thread.project_id,
                at_hand=at_hand(thread_id, carried.turns),
            )
            if Tier.SHORT in wanted.tiers:
                beside = await short_items(self._conversation, scope, carried, self._count)
        if wanted.project_id is not None:
            await self._projects.get(owner, wanted.project_id)
        found = await self._recaller.recall(owner, query, budget=budget, wanted=wanted)
        if found.items or not found.degraded:  # in an outage nothing was read, and nothing can be noted
            await self._note(owner, "recall", counts={"items": len(found.items)})
        missing = {each.tier: each for each in (*found.degraded, *away)}
        return found.model_copy(
            update={
                "items": (*beside, *found.items),
                "beside": sum(item.tokens for item in beside),
                "degraded": tuple(missing.values()),
            }
        )

    async def records(
        self,
        owner: Owner,
        *,
        tier: Tier | None = None,
        kinds: Collection[Kind] = (),
        state: RecordState | None = None,
        project_id: str | None = None,
        agent: str | None = None,
        faded: bool | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        query: str | None = None,
        limit: int = 50,
        before: str | None = None,
    ) -> list[Record]:
        """Records, newest first; with a project, those of all who work on it. Raises UnknownProject."""
        if project_id is not None:
            await self._projects.get(owner, project_id)
        found = await self._records.list(
            owner,
            tier=tier,
            kinds=kinds,
            state=state,
            project=project_id,
            agent=agent,
            faded=faded,
            since=since,
            until=until,
            query=query,
            limit=limit,
            before=before,
        )
        await self._note(owner, "list", project_id, {"records": len(found)})
        return list(found)

    async def record(self, owner: Owner, record_id: str) -> Record:
        """The record. Raises UnknownRecord."""
        _is_record(record_id)
        found = await self._records.get(owner, record_id)
        await self._note(owner, "read", record_id)
        return found

    async def history(self, owner: Owner, record_id: str) -> list[Record]:
        """All versions of what the record says, newest first. Raises UnknownRecord."""
        _is_record(record_id)
        found = await self._records.history(owner, record_id)
        await self._note(owner, "read", record_id, {"versions": len(found)})
        return list(found)

    async def sources(self, owner: Owner, record_id: str) -> list[Message]:
        """The owner's own messages that the record comes from, oldest first. Raises UnknownRecord."""
        found = await self.record(owner, record_id)
        return await self._threads.said(owner, found.sources)

    async def correct(self, owner: Owner, record_id: str, text: str) -> Record:
        """The new version, which says this instead. Raises UnknownRecord."""
        _is_record(record_id)
        new = await self._records.correct(owner, record_id, text=text)
        await self._note(owner, "correct", record_id)
        return new

    async def pin(self, owner: Owner, record_id: str, *, pinned: bool = True) -> Record:
        """The record, which does not fade any more, or may fade again. Raises UnknownRecord."""
        _is_record(record_id)
        work = self._records.pin if pinned else self._records.unpin
        changed = await work(owner, record_id)
        await self._note(owner, "pin" if pinned else "unpin", record_id)
        return changed

    async def forget(self, owner: Owner, record_id: str) -> list[str]:
        """Forget the record with its earlier versions; their ids. Raises UnknownRecord."""
        _is_record(record_id)
        return list(await self._own.forget(owner, record_id))

    async def forget_message(self, owner: Owner, message_id: str) -> ForgottenMessage:
        """Forget what a message said, with its turn; see `MessageForgetter`. Raises UnknownRecord, StillRunning."""
        return await self._forgetter.forget(owner, message_id)

    async def artifacts(
        self, owner: Owner, *, project_id: str | None, limit: int, before: str | None
    ) -> list[ArtifactView]:
        """What runs made, newest first: the owner's own, or all of a project. Raises UnknownProject."""
        if project_id is not None:
            await self._projects.get(owner, project_id)
        return await self._runs.artifacts.page(owner, project_id=project_id, limit=limit, before=before)

    async def take_in(
        self, owner: Owner, content: AsyncIterable[bytes], *, name: str, users: Users = "own"
    ) -> ImportReport:
        """Take in a history of JSON lines, as it comes; see `memory.history.HistoryImporter`."""
        report = await self._importer.run(owner, content, name=name, users=users)
        await self._note(
            owner, "import", report.id, {"imported": report.imported, "rejected": report.rejected}
        )
        self._arrived()
        return report

    async def give_out(self, owner: Owner) -> AsyncGenerator[bytes]:
        """All that is kept of the owner, as one JSON document in pieces."""
        await self._note(owner, "export")
        return self._exporter.document(owner)

    async def interaction(self, owner: Owner, run_id: str) -> Interaction | None:
        """What the log has of a run of the owner's; None where it has nothing."""
        return await self._interactions.of_run(owner, run_id)

    async def give_out_interactions(
        self,
        owner: Owner,
        *,
        form: ExportFormat,
        since: datetime | None = None,
        until: datetime | None = None,
        users: Users = "own",
    ) -> Path:
        """A temporary file with the owner's own entries of the interaction log; who asked for it deletes it.

        Of `any` users it names none, and stands in the audit trail of each. Raises ExportUnavailable where the form needs what
        is not installed.
        """
        handle, name = await asyncio.to_thread(tempfile.mkstemp, prefix="freya-", suffix=f".{form}")
        await asyncio.to_thread(os.close, handle)
        file = Path(name)
        try:
            if users == "any":
                await self._give_out_all(owner, file, form, since, until)
            else:
                written = await self._interactions.export(
                    file, form=form, owner=owner, since=since, until=until
                )
                await self._note(owner, "export interactions", counts={"interactions": written.interactions})
        except BaseException:
            await asyncio.to_thread(file.unlink, missing_ok=True)
            raise
        return file

    async def erase(self, owner: Owner, *, confirmed: str) -> ErasureReceipt:
        """Erase all of the owner in every store, and search them afterwards.

        `confirmed` repeats who is erased, as `tenant/user`; anything else is refused.
        """
        if confirmed != str(owner):
            raise ProblemError(
                problem(
                    "invalid_request",
                    f"body.confirm: erasing cannot be undone, and this request acts for {owner}: "
                    f"confirm it as {str(owner)!r}.",
                )
            )
        return await self._eraser.erase(owner, actor=owner.user_id)

    async def status(self, owner: Owner) -> MemoryStatus:
        """How much is remembered, and how much waits for work in the background."""
        return await count_memory(self._database, owner)

    async def rate(
        self,
        owner: Owner,
        run_id: str,
        *,
        rating: int | None,
        thumb: Thumb | None,
        comment: str | None,
        correction: str | None,
    ) -> Feedback:
        """Keep what the owner says of a run, and learn from it how useful what it recalled was.

        A thumb counts as the best or the worst rating where there is no other.
        """
        run = await self._runs.get(owner, run_id)
        if run.status in GOING_ON:
            raise ProblemError(
                problem("request_refused", "The run is still going on; rate it when it has ended.")
            )
        if rating is None and thumb is not None:
            rating = _OF_THUMBS[thumb]
        said = await self._interactions.rate(
            owner, run_id, rating=rating, comment=comment, correction=correction
        )
        recalled = (
            [item.id for item in run.result.recalled if item.kind is not Kind.MESSAGE] if run.result else []
        )
        if rating is not None and recalled:
            await self._records.rate(owner, recalled, (rating - _INDIFFERENT) / _FARTHEST, run_id=run_id)
        return said

    async def _give_out_all(
        self, owner: Owner, file: Path, form: ExportFormat, since: datetime | None, until: datetime | None
    ) -> None:
        entries = await self._interactions.export_of_all(file, form=form, since=since, until=until)
        for whose, count in entries.items():
            await self._audit.note(
                whose, str(owner), "export interactions of all users", counts={"interactions": count}
            )
        if owner not in entries:
            await self._note(owner, "export interactions of all users", counts={"users": len(entries)})

    async def _note(
        self, owner: Owner, action: str, subject: str | None = None, counts: Mapping[str, int] | None = None
    ) -> None:
        await self._audit.note(owner, owner.user_id, action, subject, counts)


def _is_record(record_id: str) -> None:
    """Messages are recalled like records, and belong to their conversation."""
    if record_id.startswith("msg_"):
        raise UnknownRecord(
            f"{record_id!r} is a message and no record; it is read with its thread, and forgotten as a message"
        )
