"""A turn that a language model answers with the client's own tools, or in the client's own form."""

from collections.abc import Mapping, Sequence

import orjson
from langchain_core.messages import AIMessageChunk, HumanMessage, SystemMessage
from langchain_core.messages.ai import add_ai_message_chunks
from langgraph.runtime import Runtime

from agents import Charter
from graphs.bringing import ClientCall, as_messages
from graphs.events import Token
from graphs.prompting import instructed, orchestrator_prompt, system_prompt
from graphs.remembering import known_lines
from graphs.state import FreyaState, RunContext
from models import ChatModelUnavailable
from models.chat import Prompt, Role, language_model, render_prompt


async def relay(state: FreyaState, runtime: Runtime[RunContext]) -> FreyaState:
    """Ask the model with the conversation, the tools and the wishes as the client brought them.

    It speaks as the specialist whom the client asked for, if there is one. Where it calls tools of the client the turn
    ends with the calls. Raises ChatModelUnavailable.
    """
    context, brought = runtime.context, runtime.context.brought
    model = language_model(context.chat.of(Role.REASONING))
    if model is None:
        raise ChatModelUnavailable("no language model is configured")
    known = tuple(known_lines(state["recalled"], ""))
    messages = [
        SystemMessage(instructed(_persona(context.charters, state.get("wanted", [])), brought.instructions)),
        *as_messages(brought.before),
        HumanMessage(render_prompt(Prompt(request=state["message"], known=known))),
        *as_messages(brought.after),
    ]
    chunks: list[AIMessageChunk] = []
    async for chunk in model.bind(**brought.bound()).astream(messages):
        if isinstance(chunk, AIMessageChunk):
            if chunk.text:
                context.emit(Token(text=chunk.text))
            chunks.append(chunk)
    if not chunks:
        raise ChatModelUnavailable("the model said nothing")
    whole = add_ai_message_chunks(*chunks)
    calls = [
        ClientCall(
            id=f"call_{context.run_id}_{number}",
            name=call["name"],
            arguments=orjson.dumps(call["args"]).decode(),
        )
        for number, call in enumerate(whole.tool_calls)
    ]
    return {
        "answer": whole.text,
        "client_calls": calls,
        "cut": whole.response_metadata.get("finish_reason") == "length",
        "outcome": "needs_input" if calls else "answered",
        "citations": [],
        "model": str(whole.response_metadata.get("model_name", "")),
        "fallbacks": list(whole.response_metadata.get("fallbacks", ())),
    }


def _persona(charters: Mapping[str, Charter], wanted: Sequence[str]) -> str:
    if len(wanted) == 1 and wanted[0] in charters:
        return system_prompt(charters[wanted[0]])
    return orchestrator_prompt(charters)
