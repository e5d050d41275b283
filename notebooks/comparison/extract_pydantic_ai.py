"""A typed record from a clinical note, with Pydantic AI."""

from pydantic_ai import Agent, NativeOutput
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from comparison.record import PatientRecord

agent = Agent(
    instructions="Extract the patient's record from a clinical note.",
    model_settings={"temperature": 0.0, "max_tokens": 1000},
)


def connect(base_url: str, key: str, model: str) -> OpenAIChatModel:
    return OpenAIChatModel(model, provider=OpenAIProvider(base_url=base_url, api_key=key))


async def extract(note: str, model: OpenAIChatModel, record: type = PatientRecord) -> PatientRecord:
    return (await agent.run(note, model=model, output_type=NativeOutput(record))).output
