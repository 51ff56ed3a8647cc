"""Answers that are objects of a schema."""

from operator import itemgetter
from typing import Any  # LangChain's own signatures, and JSON

from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.output_parsers import JsonOutputParser, PydanticOutputParser
from langchain_core.runnables import Runnable, RunnableMap, RunnablePassthrough
from langchain_core.utils.function_calling import convert_to_json_schema
from pydantic import BaseModel


def structured_output(
    model: BaseChatModel, schema: dict[str, Any] | type, *, include_raw: bool = False, **options: Any
) -> Runnable[LanguageModelInput, Any]:
    """Asks for the schema's JSON and reads it: a pydantic model's object, or a dict for any other schema.

    With `include_raw` the answer has the keys `raw`, `parsed` and `parsing_error`, as LangChain's own.
    """
    is_model = isinstance(schema, type) and issubclass(schema, BaseModel)
    described = schema.model_json_schema() if is_model else convert_to_json_schema(schema)  # type: ignore[union-attr]  # a model
    name = str(described.get("title", "answer"))
    asked = model.bind(
        response_format={"type": "json_schema", "json_schema": {"name": name, "schema": described}},
        **{key: value for key, value in options.items() if key not in {"method", "strict"}},
    )
    parser: Any = PydanticOutputParser(pydantic_object=schema) if is_model else JsonOutputParser()
    if not include_raw:
        answered: Runnable[LanguageModelInput, Any] = asked | parser
        return answered
    read = RunnablePassthrough.assign(parsed=itemgetter("raw") | parser, parsing_error=lambda _: None)
    unread = RunnablePassthrough.assign(parsed=lambda _: None)
    return RunnableMap(raw=asked) | read.with_fallbacks([unread], exception_key="parsing_error")
