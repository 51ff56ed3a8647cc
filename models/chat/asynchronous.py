"""What chat models have in common that answer asynchronously only."""

from collections.abc import Sequence
from typing import Any  # LangChain's own signatures

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool

from models.chat.tools import describe_tool
from models.errors import ModelsError


class AsynchronousChatModel(BaseChatModel):
    """A chat model to be asked by `ainvoke` and `astream`; `invoke` and `stream` raise ModelsError."""

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | BaseTool | Any],  # LangChain's signature
        *,
        tool_choice: str | None = None,
        **kwargs: Any,  # LangChain's signature
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Tools that the model may call; `tool_choice` is `auto`, `any`, `none` or a tool's name."""
        return self.bind(tools=[describe_tool(tool) for tool in tools], tool_choice=tool_choice, **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # LangChain's signature
    ) -> ChatResult:
        raise ModelsError(f"the chat model {self._llm_type} is asynchronous only: use ainvoke or astream")
