"""Makes a model out of its name and an access."""

from __future__ import annotations

from collections.abc import Hashable

from pydantic_ai.models import Model
from pydantic_ai.profiles.openai import openai_model_profile

from artel.llm.access import Access
from artel.llm.callee import Callee, Timeouts
from artel.llm.calling import Lane
from artel.llm.chat_completions import ChatCompletionsModel, ChatEndpoint
from artel.llm.chat_request import Dialect
from artel.llm.connections import Connections
from artel.llm.demo import DemoModel
from artel.llm.pooled import PooledModel
from artel.llm.refs import ModelRef


class ModelFactory:
    """Knows which model class speaks to which provider."""

    def __init__(self, connections: Connections, timeouts: Timeouts, demo_delay: float) -> None:
        self._connections = connections
        self._timeouts = timeouts
        self._demo_delay = demo_delay

    def with_timeouts(self, timeouts: Timeouts) -> ModelFactory:
        """The same with another patience."""
        return ModelFactory(self._connections, timeouts, self._demo_delay)

    def make(self, ref: ModelRef, access: Access, lane: Lane, owner: Hashable) -> PooledModel:
        """The model on its lane."""
        callee = access.callee(ref.name)
        core = self._core(ref.name, access, callee)
        return PooledModel(core, lane, callee, timeouts=self._timeouts, owner=owner)

    def _core(self, name: str, access: Access, callee: Callee) -> Model:
        credentials = access.credentials
        match access.spec.kind:
            case "demo":
                return DemoModel(self._demo_delay)
            case "anthropic":
                make = self._connections.sdk.anthropic
                return make(name, credentials.api_key or "", access.base_url, trusted=access.trusted)
            case "google":
                make = self._connections.sdk.google
                return make(name, credentials.api_key or "", access.base_url, trusted=access.trusted)
            case "chat":
                return self._chat_model(name, access, callee)

    def _chat_model(self, name: str, access: Access, callee: Callee) -> ChatCompletionsModel:
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream", "Accept-Encoding": "identity"}
        if key := access.credentials.api_key:
            headers["Authorization"] = f"Bearer {key}"
        openai_itself = access.spec.provider == "openai" and access.at_usual_address
        dialect = Dialect("max_completion_tokens", strict_tools=True) if openai_itself else Dialect()
        session = self._connections.session(access)
        endpoint = ChatEndpoint(session, access.base_url, headers, self._timeouts, dialect)
        return ChatCompletionsModel(callee, endpoint, profile=openai_model_profile(name) if openai_itself else None)
