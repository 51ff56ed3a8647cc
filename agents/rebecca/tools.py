"""Rebecca's tools as models see them: name, description, arguments, and requests that call for each."""

from langchain_core.tools import BaseTool

from agents.rebecca import work
from agents.tools import tool

_WHOLE_DESIGN = (
    "Design an agent for a dental clinic with WhatsApp booking",
    "Create a nail salon booking agent; Telegram, Russian, budget $100/month",
    "Build an AI agent for my restaurant",
    "A chatbot for my repair shop that takes bookings",
)
"""Requests for a whole design call for the analysis, the API and the schema together."""


def tools() -> tuple[BaseTool, ...]:
    """All of Rebecca's tools."""
    return (*_design_tools(), *_supporting_tools())


def _design_tools() -> tuple[BaseTool, ...]:
    return (
        tool(
            "analyze_domain",
            "Reads a description of a business and returns its entities, actors, workflows, constraints and risks.",
            work.DesignRequest,
            work.analyze_domain,
            examples=(
                *_WHOLE_DESIGN,
                "Analyze the domain of a car repair shop",
                "What entities, actors and workflows does a law firm assistant have?",
                "Which risks and constraints does a bot for a gym have?",
            ),
        ),
        tool(
            "generate_api_spec",
            "Writes a valid OpenAPI 3.1 document with the resources and operations of a business.",
            work.DesignRequest,
            work.generate_api_spec,
            examples=(
                *_WHOLE_DESIGN,
                "Generate the OpenAPI spec for a language school",
                "Only the REST API endpoints for a bookshop",
                "Write an API for a logistics company",
            ),
        ),
        tool(
            "generate_db_schema",
            "Writes the SQL schema of a business for PostgreSQL: tables, keys, checks, indexes, no double booking.",
            work.DesignRequest,
            work.generate_db_schema,
            examples=(
                *_WHOLE_DESIGN,
                "Only the SQL schema for a bookshop",
                "Database tables for a hotel",
                "PostgreSQL DDL for a real estate agency",
            ),
        ),
    )


def _supporting_tools() -> tuple[BaseTool, ...]:
    return (
        tool(
            "generate_code",
            "Writes a runnable Python skeleton of an agent for a business, with tests that are run in a sandbox.",
            work.DesignRequest,
            work.generate_code,
            examples=(
                "Write Python code for the nail salon booking agent",
                "Code skeleton in Python for a library bot",
                "Generate a runnable Python project for an agent of a bike rental",
                "Python implementation of an agent for a florist, with unit tests",
            ),
        ),
        tool(
            "generate_capabilities",
            "Lists what an agent for a business must be able to do and chooses a tool or a sub-agent for each.",
            work.DesignRequest,
            work.generate_capabilities,
            examples=(
                "List the capabilities of an agent for a pet hotel",
                "What capabilities should a hotel concierge agent have?",
                "Which parts of a law firm agent should be tools and which sub-agents?",
                "Tool or sub-agent for each task of a support desk bot?",
            ),
        ),
        tool(
            "generate_test_cases",
            "Writes test cases for an agent of a business: happy paths, edge cases and abuse, with checks, as JSON.",
            work.TestsRequest,
            work.generate_test_cases,
            examples=(
                "Generate test cases for a bakery ordering bot",
                "How should I test an agent for a pharmacy?",
                "Write QA scenarios with prompt injection for a bank assistant",
                "Edge cases and abuse tests for a taxi bot",
            ),
        ),
        tool(
            "prepare_training_data",
            "Prepares chat conversations for fine-tuning an agent of a business, as JSON lines.",
            work.TrainingRequest,
            work.prepare_training_data,
            examples=(
                "Prepare training data for a florist bot",
                "100 example dialogues to fine-tune an agent for a travel agency",
                "Fine-tuning dataset in chat JSONL for a yoga studio",
                "Make a training set of conversations for a tutoring service",
            ),
        ),
        tool(
            "write_system_prompt",
            "Writes the system prompt of an agent for a business, in Markdown.",
            work.DesignRequest,
            work.write_system_prompt,
            examples=(
                "Write a system prompt for a hair salon assistant",
                "System prompt for a veterinary clinic bot in Spanish",
                "Draft the prompt of an agent for an insurance agency",
                "What should the instructions of a museum guide bot say?",
            ),
        ),
    )
