"""Runs one agent turn for the bus: reads what it needs, asks the model, streams, and reports what it cost."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from uuid import UUID

from pydantic_ai.messages import BinaryContent, ModelMessage
from pydantic_ai.models import Model

from artel.accounts.provider_keys import ProviderKeys, SealedAccess
from artel.agents.allowance import Allowance
from artel.agents.attached import newest_pictures
from artel.agents.config import AgentConfig
from artel.agents.conversation import Said, as_model_messages
from artel.agents.reminding import as_kept, as_told, read_known, remind, told_of, with_profile
from artel.agents.tool_turn import ToolTurns
from artel.agents.turn import Meter, Prepared, ReadBrief, conversation_brief
from artel.agents.writer import AnswerWriter, Emit
from artel.bus.model import PLANNING, Answer, Fault, Held, ModelUse, Parked, TaskFailed
from artel.kit.secrets import UnreadableSecret
from artel.llm.answer import stream_answer
from artel.llm.deltas import TextDelta
from artel.llm.errors import ModelError
from artel.llm.fallback import with_fallback
from artel.llm.messages import message_for
from artel.llm.pool import ModelPool
from artel.llm.refs import Credentials
from artel.memory.recall import Recall
from artel.store.tx import UserTx
from artel.tools.registry import Toolbox


@dataclass(frozen=True, slots=True)
class AgentRunner:
    """The bus's runner."""

    pool: ModelPool
    keys: ProviderKeys
    tools: ToolTurns
    emit: Emit
    first_text: Callable[[float], None]
    """Told after how many seconds the first words of a direct call's answer came."""
    toolbox: Toolbox
    brief: ReadBrief = conversation_brief
    recall: Recall = field(default_factory=Recall)

    async def prepare(self, tx: UserTx, held: Held) -> Prepared:
        """Everything of the user's that the turn reads, in the transaction that seated the task."""
        brief = await self.brief(tx, held)
        config = AgentConfig.model_validate(held.config)
        if brief.instructions is not None:
            config = config.model_copy(update={"system_prompt": brief.instructions})
        # A direct call's run has no budget of its own.
        return await self.prepare_turn(tx, held, config, brief.said, held.run_id if held.is_planned else None)

    async def prepare_turn(
        self, tx: UserTx, held: Held, config: AgentConfig, said: list[Said], run_id: UUID | None
    ) -> Prepared:
        """The same for a conversation that is known already. run_id: whose budget holds."""
        prepared = await self.prepare_to_say(tx, config, said, run_id)
        known = await read_known(tx, held, config, said)
        return replace(prepared, profile=known.profile, asked=known.asked)

    async def prepare_to_say(
        self, tx: UserTx, config: AgentConfig, said: list[Said], run_id: UUID | None = None
    ) -> Prepared:
        """What it takes to ask the model, where nothing is known of the user but the conversation."""
        allowance, access = await Allowance.read(tx, run_id, tx.entry.locale)
        return Prepared(
            config=config,
            locale=tx.entry.locale,
            is_admin=tx.entry.role == "admin",
            access=access,
            allowance=allowance,
            said=said,
            tools=await self.toolbox.chosen(tx, config.enabled_tools),
        )

    async def run(self, held: Held) -> Answer | Parked:
        """As the bus's Runner: an answer, a task that waits, or TaskFailed in words for the user's eyes."""
        prepared: Prepared = held.prepared
        if not prepared.config.is_active:
            # Switched off while its work waited: an inactive agent is kept, and takes no work.
            raise TaskFailed(Fault("agent_inactive", message_for("agent_inactive", prepared.locale)))
        writer = AnswerWriter(held, self.emit, self.first_text if held.is_direct else _uncounted)
        writer.begin()
        try:
            with told_to_user(held, prepared.locale):
                return await self._answer(held, prepared, writer)
        finally:
            writer.flush()

    async def _answer(self, held: Held, prepared: Prepared, writer: AnswerWriter) -> Answer | Parked:
        config = prepared.config
        model, meter = self.open(held.user_id, prepared)
        pictures = await self._pictures(held, prepared)
        system_prompt = with_profile(config.system_prompt, prepared.profile)
        messages = as_model_messages(
            prepared.said, agent_id=held.agent_id, system_prompt=system_prompt, pictures=pictures
        )
        await self.remind(held, prepared, messages)
        # A task may be in the middle of a turn with tools that its agent has lost meanwhile.
        if prepared.tools or (held.history and held.kind != PLANNING):
            return await self.tools.run(held, prepared, model, messages, meter, writer)
        return await _ask_once(held, prepared, model, messages, meter, writer)

    async def remind(self, held: Held, prepared: Prepared, messages: list[ModelMessage]) -> None:
        """Adds what memory has to say to the question, tells the user so, and keeps it for the answer; also that memory
        did not answer, which the answer may be wrong for."""
        if prepared.asked is None:
            return
        found = await self.recall.find(held.user_id, prepared.asked)
        if found == []:
            return
        remind(messages, as_told(found or ()))
        held.recalled = as_kept(found or ())
        self.emit(held.user_id, told_of(held, found))

    async def _pictures(self, held: Held, prepared: Prepared) -> dict[UUID, BinaryContent]:
        """What the model is shown of the conversation; nothing where it goes on from a checkpoint, which has it all."""
        wanted = newest_pictures(file for item in prepared.said for file in item.files)
        if not wanted or held.history or not prepared.config.can_see:
            return {}
        return {UUID(picture.identifier): picture for picture in await self.tools.pictures(held.user_id, wanted)}

    def open(self, user_id: int, prepared: Prepared) -> tuple[Model, Meter]:
        """The agent's model, opened with its user's own access, and what tells the price of its answers.

        Raises:
            ModelError, UnreadableSecret: it cannot be opened.
        """
        config = prepared.config

        def own(provider: str) -> Credentials | None:
            return self._credentials(user_id, prepared.access.get(provider), trusted=prepared.is_admin)

        return self._model(config, own, owner=user_id), Meter(self.pool, config.model.ref, own(config.model.provider))

    def _model(self, config: AgentConfig, own: Callable[[str], Credentials | None], owner: int) -> Model:
        primary = self.pool.model(config.model.ref, own(config.model.provider), owner=owner)
        if config.fallback_model is None:
            return primary
        spare = config.fallback_model
        return with_fallback(primary, self.pool.model(spare.ref, own(spare.provider), owner=owner))

    def _credentials(self, user_id: int, sealed: SealedAccess | None, *, trusted: bool) -> Credentials | None:
        if sealed is None:
            return None
        access = self.keys.open(user_id, sealed)
        return Credentials(access.api_key, access.base_url, trusted=trusted)


def _uncounted(seconds: float) -> None:
    """An answer that nobody waits for as for a direct call's."""


@contextmanager
def told_to_user(held: Held, locale: str) -> Generator[None]:
    """Turns what goes wrong with a model into the task's failure, in words for its user's eyes."""
    try:
        yield
    except ModelError as error:
        # Before the first words the pool has already tried again; after them only a new start helps.
        again = error.retryable and bool(held.text)
        spent = held.use_so_far() if held.use_so_far and held.text else None
        raise TaskFailed(Fault(error.code, error.message(locale)), retryable=again, use=spent) from error
    except UnreadableSecret as error:
        raise TaskFailed(Fault("model_key_missing", error.detail)) from error


async def _ask_once(
    held: Held, prepared: Prepared, model: Model, messages: list[ModelMessage], meter: Meter, writer: AnswerWriter
) -> Answer:
    """The hot path: without tools a turn is one request, and needs no agent loop."""
    prepared.allowance.check()
    async with stream_answer(model, messages, prepared.config.model.settings) as answer:

        def use_so_far() -> ModelUse:
            return meter.use(answer.response, messages)

        held.use_so_far = use_so_far
        async for delta in prepared.allowance.watch(answer, use_so_far):
            if isinstance(delta, TextDelta):
                writer.write(delta.text)
        response = answer.response
    return Answer(writer.text, meter.use(response, messages))
