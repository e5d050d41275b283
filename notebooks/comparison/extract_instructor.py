"""A typed record from a clinical note, with Instructor."""

import instructor
from openai import OpenAI

from comparison.record import PatientRecord


def connect(base_url: str, key: str, model: str) -> instructor.Instructor:
    client = OpenAI(base_url=base_url, api_key=key)
    return instructor.from_openai(client, mode=instructor.Mode.JSON_SCHEMA, model=model)


def extract(note: str, client: instructor.Instructor, record: type = PatientRecord) -> PatientRecord:
    return client.create(
        response_model=record,
        messages=[
            {"role": "system", "content": "Extract the patient's record from a clinical note."},
            {"role": "user", "content": note},
        ],
        temperature=0.0,
        max_tokens=1000,
    )
